import { deriveKey, seal, unseal } from '../keys.ts';

/** A place among the events of an environment: behind one event, or at a time before which none was missed. */
export type EventPlace = {
  /** The event that it is behind, if there was one. */
  readonly id?: string | undefined;
  /** Milliseconds since 1970: of that event's creation, or the time itself. */
  readonly at: number;
};

export type EventPlaces = {
  readonly seal: (agent: string, place: EventPlace) => string;
  /** The place that was sealed for the agent; `undefined` for any other text. */
  readonly open: (agent: string, text: string) => EventPlace | undefined;
};

/** The form of what is sealed. Another release may change it; this one must not misread that. */
const FORM = 1;

/**
 * EventPlaces that only the agent to which they were given can use. The key of the environment is the one that all replicas
 * have, with or without a deployment key, and after a restart.
 */
export function createPlaces(apiKey: string): EventPlaces {
  let key: Uint8Array | undefined;
  const keyOf = () => {
    key ??= deriveKey(Buffer.from(apiKey), 'places');
    return key;
  };
  const toContext = (agent: string) => JSON.stringify(['place', agent]);
  return {
    seal: (agent, { id = '', at }) => seal(keyOf(), toContext(agent), JSON.stringify([FORM, id, at])),
    open: (agent, text) => {
      const opened = unseal(keyOf(), toContext(agent), text);
      if (opened === undefined) return undefined;
      const [form, id, at] = JSON.parse(opened); // the seal shows that this function's twin wrote it
      return form === FORM ? { ...(id !== '' && { id }), at } : undefined;
    },
  };
}
