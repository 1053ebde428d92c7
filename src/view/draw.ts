/// <reference lib="dom" />

/** What the view shows of a waiting call, as it is in the result. It comes from outside and may be anything. */
type Shown = Record<string, unknown>;

/** What a person can do in a view that is drawn. */
export type Drawn = {
  readonly yes: HTMLButtonElement;
  readonly no: HTMLButtonElement;
  /** Absent where nothing is typed. */
  readonly field: HTMLInputElement | undefined;
  /** What is taken away once a person has answered. */
  readonly asking: HTMLElement;
};

/**
 * Draws a call that waits. Each text is put in as text, never as HTML. The text of this function is put into the page, so
 * it uses nothing from outside of itself.
 */
export function draw(main: HTMLElement, shown: Shown): Drawn {
  const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
  const add = <Name extends keyof HTMLElementTagNameMap>(to: HTMLElement, name: Name, text = '', kind = '') => {
    const element = document.createElement(name);
    element.textContent = text;
    if (kind !== '') element.className = kind;
    to.append(element);
    return element;
  };
  /** A text in which values from outside stand between backticks. */
  const addText = (to: HTMLElement, text: unknown) => {
    String(text)
      .split('`')
      .forEach((part, index) => {
        if (index % 2 === 1) add(to, 'code', part).dir = 'ltr';
        else to.append(part);
      });
    return to;
  };

  main.replaceChildren();
  const environment = String(shown.environment);
  add(main, 'p', environment, 'env').dataset.environment = environment;
  const action = String(shown.action);
  add(main, 'h1', `${action.charAt(0).toUpperCase()}${action.slice(1)}?`);
  const object = add(main, 'p');
  for (const name of list(shown.names)) addText(object, `${name} `);
  add(object, 'code', String(shown.id)).dir = 'ltr';

  const changes = list(shown.changes).map(Object);
  if (changes.length > 0) {
    const table = add(main, 'table');
    table.setAttribute('aria-label', 'What it changes');
    const head = add(add(table, 'thead'), 'tr');
    for (const title of ['Field', 'Now', 'Then']) add(head, 'th', title).scope = 'col';
    const body = add(table, 'tbody');
    for (const { name, before, after } of changes) {
      const row = add(body, 'tr');
      add(row, 'th', String(name)).scope = 'row';
      const now = add(row, 'td', before === undefined ? 'not known' : '', before === undefined ? 'quiet' : '');
      if (before !== undefined) add(now, 'code', String(before)).dir = 'ltr';
      add(add(row, 'td'), 'code', String(after)).dir = 'ltr';
    }
  }
  const lines = list(shown.lines);
  if (lines.length > 0) {
    const items = add(main, 'ul');
    for (const line of lines) addText(add(items, 'li'), line);
  }
  const linked = list(shown.linked).map(Object);
  if (linked.length > 0)
    add(main, 'p', `Linked to it: ${linked.map(({ what, count }) => `${what} (${count})`).join(', ')}.`);
  const hidden = list(shown.hidden);
  if (hidden.length > 0) add(main, 'p', `Not shown, because the agent may not read it: ${hidden.join(', ')}.`, 'quiet');
  for (const warning of list(shown.warnings)) addText(add(main, 'p', '', 'warning'), warning);
  if (shown.isFinal === true) add(main, 'p', 'This cannot be undone.', 'final');

  // Not a form: hosts show views in frames that may not submit any.
  const asking = add(main, 'div', '', 'asking');
  let field: HTMLInputElement | undefined;
  if (typeof shown.typed === 'string') {
    const label = add(asking, 'label');
    const end = shown.typed === shown.id ? 'its ID' : 'the end of its ID';
    addText(label, `To confirm, type \`${shown.typed}\`, ${end}:`);
    field = add(asking, 'input');
    field.id = 'typed';
    label.htmlFor = field.id;
    field.autocomplete = 'off';
    field.spellcheck = false;
    field.setAttribute('autocapitalize', 'off');
  }
  const yes = add(asking, 'button', `Yes, ${action}`, 'yes');
  yes.type = 'button';
  const no = add(asking, 'button', 'No');
  no.type = 'button';
  return { yes, no, field, asking };
}
