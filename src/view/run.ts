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

/** What the view asks the server for: to take an answer, or what became of the call. */
type Asked = 'yes' | 'no' | 'look';

/** A call that the view asks about, or has asked about. */
type Question = {
  readonly id: unknown;
  /** Ends it with this text, unless it was answered. */
  readonly cancel: (text: string) => void;
  /** Ends it because something else is shown. */
  readonly leave: () => void;
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
  let question: Question | undefined;

  const say = (text: string) => {
    status.textContent = text;
  };
  const textOf = (result: unknown): string => {
    const [first] = Array.isArray(record(result).content) ? (record(result).content as unknown[]) : [];
    return String(record(first).text ?? '');
  };
  const confirmationOf = (result: unknown) => record(record(record(result).structuredContent).confirmation);

  const toTheme = (context: Record<string, unknown>) => {
    const { theme, styles, toolInfo } = context;
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
    for (const [name, value] of Object.entries(record(record(styles).variables)))
      if (name.startsWith('--') && typeof value === 'string') document.documentElement.style.setProperty(name, value);
    const { name } = record(record(toolInfo).tool);
    if (typeof name === 'string') tool = name;
  };

  /** Rejects if the client refuses what it has declared. One that declares nothing may do it all the same. */
  const tellModel = async (text: string): Promise<void> => {
    const content = [{ type: 'text', text: text.slice(0, 8_000) }];
    const updateContext = () => wire.request('ui/update-model-context', { content });
    if (host.updateModelContext !== undefined) await updateContext();
    else if (host.message !== undefined) await wire.request('ui/message', { role: 'user', content });
    else await updateContext().catch(() => {});
  };

  const WAITS = 'The call waits for your answer.';
  const AGAIN = 'The model can call again, and you will be asked again.';
  /** What became of a call, for a person. The server alone knows: another view may have answered. */
  const toOutcome = (asked: Asked, result: unknown): string => {
    const { status: became } = confirmationOf(result);
    if (became === 'declined') return 'Not confirmed: nothing was sent.';
    if (became === 'over') return `Too late to answer here. If it was not answered before, nothing was sent. ${AGAIN}`;
    if (became === 'waiting') return 'It was answered before. Ask in the conversation what became of it.';
    if (record(result).isError === true) return textOf(result);
    return asked === 'look' ? 'It was answered before: confirmed, and carried out.' : 'Confirmed, and carried out.';
  };

  const ask = (confirmation: Record<string, unknown>, meta: Record<string, unknown>): Question => {
    const { confirmation_id: id } = confirmation;
    const shown = record(confirmation.preview);
    const { yes, no, field } = draw(main, shown);
    // As the server compares them.
    const toTyped = (text: unknown) => String(text).trim().normalize('NFKC').toUpperCase();
    const texts = [shown.typed, shown.id].map(toTyped);
    let isArmed = false;
    let isOver = false;
    let isGone = false;
    const isTyped = () => field === undefined || texts.includes(toTyped(field.value));
    const update = () => {
      yes.disabled = !isArmed || isOver || !isTyped();
      no.disabled = !isArmed || isOver;
    };
    /** Takes away what can be done, and leaves what was shown. */
    const end = (text: string) => {
      if (isGone) return;
      main.querySelector('.asking')?.remove();
      say(text);
    };
    const pass = (asked: Asked) =>
      wire.request('tools/call', {
        name: terms.answerTool,
        arguments: {
          confirmation_id: id,
          secret: meta.secret,
          answer: asked,
          ...(field !== undefined && asked === 'yes' && { typed: field.value.trim() }),
          tool: meta.called,
          arguments: args ?? {},
        },
      });
    const answer = async (given: 'yes' | 'no') => {
      if (!isArmed || isOver) return;
      isOver = true;
      update();
      say('Sending the answer…');
      let asked: Asked = given;
      let result: unknown;
      try {
        result = await pass(asked);
        // Only a look tells what became of a call that was answered elsewhere.
        if (confirmationOf(result).status === 'over') {
          asked = 'look';
          result = await pass(asked);
        }
      } catch (error) {
        isOver = isGone;
        update();
        if (!isGone)
          say(
            `The client did not pass the answer on (${error instanceof Error ? error.message : 'no reason given'}). It is not known whether the server got it. You can answer again: the first answer counts.`,
          );
        return;
      }
      const outcome = toOutcome(asked, result);
      end(outcome);
      await tellModel(`The view passed on a ${given} to ${confirmation.tool} (${shown.id}). ${textOf(result)}`).catch(
        () => end(`${outcome} The client did not tell the model: tell it in the conversation.`),
      );
    };
    yes.addEventListener('click', (event) => {
      if (event.isTrusted && isTyped()) void answer('yes');
    });
    field?.addEventListener('keydown', (event) => {
      if (!event.isTrusted || event.key !== 'Enter' || event.isComposing || isOver) return;
      if (isTyped()) void answer('yes');
      else say(`That is not ${shown.typed}.`);
    });
    no.addEventListener('click', (event) => {
      if (event.isTrusted) void answer('no');
    });
    const begin = () => {
      update();
      // Once: a screen reader would read it at each key.
      if (!isOver && status.textContent !== WAITS) say(WAITS);
    };
    field?.addEventListener('input', begin);
    begin();

    const asked = Date.parse(String(confirmation.asked_at));
    const left = asked + Number(confirmation.expires_in_seconds) * 1_000 - Date.now();
    const isLate = !(left > 0);
    const expire = async () => {
      if (isOver) return;
      isOver = true;
      update();
      // A host may ask for leave to call, and not get it.
      const result = await pass('look').catch(() => ({ structuredContent: { confirmation: { status: 'over' } } }));
      const stillWaits = confirmationOf(result).status === 'waiting';
      end(stillWaits ? `Too late: nothing was sent. ${AGAIN}` : toOutcome('look', result));
    };
    /** A conversation that is shown again has the result of a call that may have been answered. */
    const refresh = async () => {
      const result = await pass('look').catch(() => undefined);
      if (result === undefined || isOver || confirmationOf(result).status === 'waiting') return;
      isOver = true;
      end(toOutcome('look', result));
    };
    if (!isLate && Date.now() - asked >= terms.freshMs) void refresh();
    const timers = [
      setTimeout(() => void expire(), isLate ? 0 : left),
      setTimeout(() => {
        isArmed = true;
        update();
      }, terms.inertMs),
    ];
    const stop = () => {
      for (const timer of timers) clearTimeout(timer);
      isOver = true;
    };
    return {
      id,
      cancel: (text) => {
        if (!isOver) end(text);
        stop();
      },
      leave: () => {
        isGone = true;
        stop();
      },
    };
  };

  /** Asks about a call that waits for an answer here, and shows one line about any other. */
  const hearResult = (params: unknown) => {
    const confirmation = confirmationOf(params);
    const isWaiting = confirmation.status === 'waiting';
    // A host may pass the same result on twice, also after the answer.
    if (isWaiting && question !== undefined && question.id === confirmation.confirmation_id) return;
    question?.leave();
    question = undefined;
    main.replaceChildren();
    const meta = record(record(record(params)._meta)[terms.meta]);
    if (isWaiting && confirmation.preview === undefined)
      say(`${confirmation.tool} still waits: answer where you were asked.`);
    else if (isWaiting && typeof meta.secret === 'string') question = ask(confirmation, meta);
    else if (isWaiting)
      say(
        'You cannot answer here: the client did not pass on what the view needs. If it was not answered before, nothing was sent.',
      );
    else if (record(params).isError === true) say(textOf(params).slice(0, 300));
    else if ((record(args).confirm_token ?? record(record(args).arguments).confirm_token) !== undefined)
      say(`${tool} was confirmed before: this is what became of it.`);
    else say(`${tool} needed no confirmation.`);
  };

  const hear = (method: string, params: unknown) => {
    if (method === 'ui/notifications/tool-input') args = record(params).arguments;
    if (method === 'ui/notifications/host-context-changed') toTheme(record(params));
    if (method === 'ui/notifications/tool-result') hearResult(params);
    if (method !== 'ui/notifications/tool-cancelled') return;
    if (question === undefined) say(`${tool} was cancelled.`);
    else question.cancel(`${tool} was cancelled.`);
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
