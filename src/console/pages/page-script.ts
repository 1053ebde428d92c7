/// <reference lib="dom" />

/** What the console's script does with each page, whether the server sent it or the script fetched it. */
export type PageScript = {
  /** Called once `main` has a new page in it. */
  readonly prepare: (main: HTMLElement) => void;
  /** Puts in what `main` holds now, where that differs from what was put in last. */
  readonly replace: (main: HTMLElement, text: string) => void;
};

/**
 * Has buttons that say yes do nothing at first: a click that was meant for something else does not confirm. The text of
 * this function is put into the console's script, so it uses nothing from outside of itself.
 * @param inertMs milliseconds in which such a button does nothing
 */
export function pageScript(inertMs: number): PageScript {
  let last = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  const setInert = (isInert: boolean) => {
    for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-inert]')) button.disabled = isInert;
  };
  const disarm = () => {
    setInert(true);
    clearTimeout(timer);
    timer = setTimeout(() => setInert(false), inertMs);
  };
  /** As the browser writes it, so that two texts can be compared. Nothing in it is carried out. */
  const parse = (text: string) => {
    const template = document.createElement('template');
    template.innerHTML = text;
    return template;
  };
  /** The title of the window has how many calls wait, and a screen reader says what has changed. */
  const tell = (main: HTMLElement) => {
    const news = main.querySelector<HTMLElement>('[data-title]');
    if (news === null) return;
    document.title = `${news.dataset.title} · workos-mcp`;
    const told = document.getElementById('told');
    const text = news.textContent ?? '';
    if (told !== null && told.textContent !== text) told.textContent = text;
  };
  // A window that comes to the front between the two clicks of a double click is not clicked on purpose.
  for (const name of ['focus', 'pageshow']) window.addEventListener(name, disarm);

  return {
    prepare: (main) => {
      last = parse(main.innerHTML).innerHTML;
      disarm();
    },
    replace: (main, text) => {
      const { innerHTML, content } = parse(text);
      if (innerHTML === last) return;
      last = innerHTML;
      const focused = document.activeElement?.id ?? '';
      main.replaceChildren(content);
      if (focused !== '') document.getElementById(focused)?.focus({ preventScroll: true });
      tell(main);
      disarm();
    },
  };
}
