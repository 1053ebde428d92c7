/// <reference lib="dom" />
import type { draw as Draw } from './draw.ts';
import type { connectHost as ConnectHost } from './host.ts';

/** Milliseconds in which buttons do nothing: a click that was meant for something else does not confirm. */
export const INERT_MS = 1_500;

/** What the page and the server have to agree on. */
export type ViewTerms = {
  readonly answerTool: string;
  /** The member of a result's `_meta` with the secret. */
  readonly meta: string;
  readonly inertMs: number;
  /** A result that is older, in milliseconds, may belong to a conversation that is shown again. */
  readonly freshMs: number;
};

/**
 * Runs the view. The text of this function is put into the page, so it uses nothing from outside of itself.
 */
export function run(connectHost: typeof ConnectHost, draw: typeof Draw, terms: ViewTerms): void {
  const main = document.getElementById('main') as HTMLElement; // the page has it
  const status = document.getElementById('status') as HTMLElement;
  const record = (value: unknown): Record<string, unknown> => Object(value);
  let args: unknown;
  let tool = 'The call';
  let host: Record<string, unknown> = {};

  const say = (text: string) => {
    status.textContent = text;
  };
  /** Ends what can be done, and leaves what was shown. */
  const end = (text: string) => {
    main.querySelector('.asking')?.remove();
    say(text);
  };
  const textOf = (result: unknown): string => {
    const [first] = Array.isArray(record(result).content) ? (record(result).content as unknown[]) : [];
    return String(record(first).text ?? '');
  };

  const toTheme = (context: Record<string, unknown>) => {
    const { theme, styles, toolInfo } = context;
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
    for (const [name, value] of Object.entries(record(record(styles).variables)))
      if (name.startsWith('--') && typeof value === 'string') document.documentElement.style.setProperty(name, value);
    const { name } = record(record(toolInfo).tool);
    if (typeof name === 'string') tool = name;
  };

  const tellModel = async (text: string) => {
    const content = [{ type: 'text', text: text.slice(0, 8_000) }];
    if (host.updateModelContext !== undefined) await wire.request('ui/update-model-context', { content });
    else if (host.message !== undefined) await wire.request('ui/message', { role: 'user', content });
  };

  const ask = (confirmation: Record<string, unknown>, meta: Record<string, unknown>) => {
    const shown = record(confirmation.preview);
    const what = `${confirmation.tool} (${shown.id})`;
    const { yes, no, field } = draw(main, shown);
    const asked = Date.parse(String(confirmation.asked_at));
    let isArmed = false;
    let isAnswered = false;
    const isTyped = () => field === undefined || field.value.trim().toUpperCase() === String(shown.typed).toUpperCase();
    const update = () => {
      yes.disabled = !isArmed || isAnswered || !isTyped();
      no.disabled = !isArmed || isAnswered;
    };
    const pass = (answer: 'yes' | 'no' | 'look') =>
      wire.request('tools/call', {
        name: terms.answerTool,
        arguments: {
          confirmation_id: confirmation.confirmation_id,
          secret: meta.secret,
          answer,
          ...(field !== undefined && answer === 'yes' && { typed: field.value.trim() }),
          tool: meta.called,
          arguments: args ?? {},
        },
      });
    const answer = async (given: 'yes' | 'no') => {
      if (!isArmed || isAnswered || (given === 'yes' && !isTyped())) return;
      isAnswered = true;
      update();
      say('Sending the answer…');
      try {
        const result = await pass(given);
        const isError = record(result).isError === true;
        const outcome =
          given === 'no'
            ? 'Not confirmed: nothing was sent.'
            : isError
              ? textOf(result)
              : 'Confirmed, and carried out.';
        end(outcome);
        const said = given === 'yes' ? 'yes' : 'no';
        await tellModel(`The view passed on a ${said} to ${what}. ${textOf(result)}`);
      } catch (error) {
        end(
          `The client did not pass the answer on (${error instanceof Error ? error.message : 'no reason given'}). It is not known whether the server got it.`,
        );
      }
    };
    yes.addEventListener('click', (event) => {
      if (event.isTrusted) void answer('yes');
    });
    field?.addEventListener('keydown', (event) => {
      if (event.isTrusted && event.key === 'Enter' && !event.isComposing) void answer('yes');
    });
    no.addEventListener('click', (event) => {
      if (event.isTrusted) void answer('no');
    });
    field?.addEventListener('input', update);
    update();
    say('The call waits for your answer.');
    setTimeout(() => {
      isArmed = true;
      update();
    }, terms.inertMs);
    const left = asked + Number(confirmation.expires_in_seconds) * 1_000 - Date.now();
    const expire = () => {
      if (!isAnswered) end('Too late: nothing was sent. The model can call again, and you will be asked again.');
    };
    if (!(left > 0)) return expire();
    setTimeout(expire, left);
    if (Date.now() - asked < terms.freshMs) return undefined;
    return pass('look').then(
      (result) => {
        if (record(record(record(result).structuredContent).confirmation).status === 'waiting') return;
        isAnswered = true;
        const isDone = record(result).isError !== true;
        end(isDone ? 'It was answered before: confirmed, and carried out.' : textOf(result));
      },
      () => {},
    ); // the host did not allow this call. If there was an answer, the server refuses a second one
  };

  const hear = (method: string, params: unknown) => {
    const { arguments: given, structuredContent, _meta, isError } = record(params);
    if (method === 'ui/notifications/tool-input') args = given;
    if (method === 'ui/notifications/host-context-changed') toTheme(record(params));
    if (method === 'ui/notifications/tool-cancelled') end(`${tool} was cancelled.`);
    if (method !== 'ui/notifications/tool-result') return;
    main.replaceChildren();
    const confirmation = record(record(structuredContent).confirmation);
    const meta = record(record(_meta)[terms.meta]);
    if (confirmation.status !== 'waiting')
      say(isError === true ? textOf(params).slice(0, 300) : `${tool} needed no confirmation.`);
    else if (confirmation.preview === undefined) say(`${confirmation.tool} still waits: answer where you were asked.`);
    else if (typeof meta.secret === 'string') void ask(confirmation, meta);
    else say('You cannot answer here: the client did not pass on what the view needs. Nothing was sent.');
  };

  const wire = connectHost(hear);
  const tellSize = () => {
    const { width, height } = document.documentElement.getBoundingClientRect();
    wire.notify('ui/notifications/size-changed', { width: Math.ceil(width), height: Math.ceil(height) });
  };
  wire
    .request('ui/initialize', {
      protocolVersion: '2026-01-26',
      appInfo: { name: 'workos-mcp', version: '1' },
      appCapabilities: {},
    })
    .then(
      (answer) => {
        const { hostContext, hostCapabilities } = record(answer);
        host = record(hostCapabilities);
        toTheme(record(hostContext));
        wire.notify('ui/notifications/initialized', {});
        new ResizeObserver(tellSize).observe(document.documentElement);
      },
      () => say('The client did not open the view.'),
    );
}
