import { SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/server';
import { seal, unseal } from '../keys.ts';
import { supportsForms, supportsUrls, supportsViews } from './client-features.ts';

/** What a client from before 2026-07-28 declared when it initialized over HTTP. */
export type HttpSession = {
  /** The Mcp-Session-Id. It holds the rest of this, sealed, so that the server keeps nothing. */
  readonly id: string;
  readonly version: string;
  /** Whether the client can ask a person with a form, and by opening a URL. */
  readonly form: boolean;
  readonly url: boolean;
  /** Whether the client shows the views of MCP Apps. */
  readonly apps: boolean;
};

export type HttpSessions = {
  /** Makes the session ID for the params of an `initialize`, which come from outside and may be anything. */
  readonly issue: (agent: string, params: unknown) => string;
  /** The session of an ID; `undefined` if this deployment did not issue it to the agent, or too long ago. */
  readonly read: (agent: string, id: string) => HttpSession | undefined;
};

export type SessionsDeps = {
  /** Sessions hold as long as the key: derived from the deployment key, in all replicas and beyond a restart. */
  readonly key: Uint8Array;
  /** Distinguishes deployments that have the same key. */
  readonly scope: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** Milliseconds. What a client declares does not change, but an ID should not be of use for ever. */
export const SESSION_MS = 30 * 86_400_000;

/** The form of what is sealed. Another release may change it; this one must not misread that. */
const FORM = 1;

/** Sessions that were read last: a client sends its ID with every request, and opening a seal costs some microseconds. */
const MAX_REMEMBERED = 256;

export function createSessions({ key, scope, now }: SessionsDeps): HttpSessions {
  const remembered = new Map<string, { readonly session: HttpSession; readonly until: number }>();
  const toContext = (agent: string) => JSON.stringify(['session', scope, agent]);
  const open = (agent: string, id: string) => {
    const text = unseal(key, toContext(agent), id);
    if (text === undefined) return undefined;
    const [written, issuedAt, version, form, url, apps] = JSON.parse(text); // the seal shows that issue wrote it
    if (written !== FORM) return undefined;
    const session = { id, version, form: form === 1, url: url === 1, apps: apps === 1 };
    return { session, until: issuedAt + SESSION_MS };
  };
  return {
    issue: (agent, params) => {
      const { protocolVersion, capabilities } = Object(params);
      const { elicitation } = Object(capabilities);
      const version = SUPPORTED_PROTOCOL_VERSIONS.includes(protocolVersion) ? protocolVersion : '';
      const flags = [supportsForms(elicitation), supportsUrls(elicitation), supportsViews(capabilities)];
      return seal(key, toContext(agent), JSON.stringify([FORM, now(), version, ...flags.map(Number)]));
    },
    read: (agent, id) => {
      const name = `${id.length} ${id} ${agent}`; // no two pairs have the same name
      const known = remembered.get(name) ?? open(agent, id);
      if (known === undefined || known.until <= now()) return undefined;
      if (!remembered.has(name)) {
        const [oldest] = remembered.size < MAX_REMEMBERED ? [] : remembered.keys();
        if (oldest !== undefined) remembered.delete(oldest);
        remembered.set(name, known);
      }
      return known.session;
    },
  };
}
