/// <reference lib="dom" />
import type { PageScript } from './pages/page-script.ts';

/** What the script and the server have to agree on. */
export type ScriptTerms = {
  /** The headers by which tokens travel over http, and the names under which the window keeps them. */
  readonly session: string;
  readonly attempt: string;
  /** Milliseconds before a stream that has ended is asked for again. */
  readonly againMs: number;
};

/**
 * Runs in each page of the console. Over https it follows what changes, and cookies do the rest. Over http, which means
 * loopback, cookies would reach other ports as well: there it keeps the session's token in the window, fetches pages and
 * sends forms with it. Its text is put into the script, so it uses nothing from outside of itself.
 */
export function runConsole(page: PageScript, terms: ScriptTerms): void {
  const keepsTokens = location.protocol === 'http:';
  const kept = [terms.session, terms.attempt];
  let following: AbortController | undefined;
  let isSending = false;
  let isAway = false;

  const toHeaders = (): Record<string, string> =>
    keepsTokens ? Object.fromEntries(kept.map((name) => [name, sessionStorage.getItem(name) ?? ''])) : {};
  const keepTokens = ({ headers }: Response) => {
    for (const name of kept) {
      const token = headers.get(name);
      if (token === '') sessionStorage.removeItem(name);
      else if (token !== null) sessionStorage.setItem(name, token);
    }
  };
  const mainOf = () => document.getElementById('main');
  const say = (text: string) => {
    const line = document.createElement('p');
    line.setAttribute('role', 'alert');
    line.textContent = text;
    mainOf()?.prepend(line);
  };

  /** Puts a page in the place of the one that is there. No script in it runs. */
  const show = (text: string) => {
    const next = new DOMParser().parseFromString(text, 'text/html');
    document.title = next.title;
    document.body.replaceWith(document.adoptNode(next.body));
    begin();
  };

  /** Events are texts of lines: `data: ` and a line of the page, or a comment. An empty line ends one. */
  const read = async (body: ReadableStream<Uint8Array>, onPage: (text: string) => void) => {
    const decoder = new TextDecoder();
    const reader = body.getReader();
    let rest = '';
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const events = `${rest}${decoder.decode(part.value, { stream: true })}`.split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events) {
        const lines = event.split('\n').filter((line) => line.startsWith('data: '));
        if (lines.length > 0) onPage(lines.map((line) => line.slice(6)).join('\n'));
      }
    }
  };

  /** Says once that the page may be out of date. The stream is asked for again in any case. */
  const sayAway = async (response?: Response) => {
    if (isAway) return;
    isAway = true;
    const page = response && new DOMParser().parseFromString(await response.text(), 'text/html');
    const why = page?.querySelector('main p')?.textContent ?? 'The console cannot be reached.';
    say(`${why} What this page shows may have changed since.`);
  };

  const follow = async (main: HTMLElement) => {
    following?.abort();
    const control = new AbortController();
    following = control;
    const isOver = () => control.signal.aborted || mainOf() !== main || document.hidden;
    while (!isOver()) {
      try {
        const response = await fetch(location.href, {
          headers: { ...toHeaders(), accept: 'text/event-stream' },
          signal: control.signal,
        });
        // Signed out, or there is no such page any more: it says so itself.
        if (response.status === 401 || response.status === 404) return location.reload();
        if (!response.ok || response.body === null) await sayAway(response);
        else if (isAway) return location.reload();
        else await read(response.body, (text) => page.replace(main, text));
      } catch {
        if (!control.signal.aborted) await sayAway();
      }
      await new Promise((resolve) => setTimeout(resolve, terms.againMs));
    }
    return undefined;
  };
  const followIfLive = () => {
    const main = mainOf();
    if (main?.dataset.live !== undefined && !document.hidden) void follow(main);
  };

  const load = async () => {
    try {
      const response = await fetch(location.href, { headers: toHeaders() });
      show(await response.text());
    } catch {
      say('The console cannot be reached. Load the page again.');
    }
  };

  const send = async (form: HTMLFormElement, submitter: HTMLElement | null) => {
    if (isSending) return;
    isSending = true;
    try {
      const body = new URLSearchParams();
      for (const [name, value] of new FormData(form, submitter)) body.append(name, String(value));
      const response = await fetch(form.action, { method: 'POST', headers: toHeaders(), body });
      keepTokens(response);
      const to = response.headers.get('location');
      if (to !== null) return location.assign(to);
      show(await response.text());
      const issuer = document.querySelector<HTMLAnchorElement>('a[data-goes]');
      if (issuer !== null) location.assign(issuer.href);
    } catch {
      say('The console cannot be reached, and it is not known whether it got this. Load the page again to see.');
    } finally {
      isSending = false;
    }
    return undefined;
  };

  const begin = () => {
    const main = mainOf();
    if (main === null) return;
    if (main.querySelector('[data-shell]') !== null) return void load();
    page.prepare(main);
    followIfLive();
    main.querySelector<HTMLFormElement>('form[data-goes]')?.requestSubmit();
  };

  document.addEventListener('submit', (event) => {
    const { target, submitter } = event;
    if (!keepsTokens || !(target instanceof HTMLFormElement) || target.method !== 'post') return;
    event.preventDefault();
    void send(target, submitter);
  });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) following?.abort();
    else followIfLive();
  });
  // The browser shows it as it was: the session may have ended since.
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) location.reload();
  });
  begin();
}
