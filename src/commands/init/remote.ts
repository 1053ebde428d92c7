import type { ClientName, ServerEntry } from './clients.ts';

/** How a client is told of a server at an address. */
export type RemoteForm = {
  /** @param token how the entry says where the token is to come from; nothing where the client signs in by OAuth */
  readonly entry: (url: string, headers: TokenHeader | undefined) => ServerEntry;
  /** What stands for the token in the header, in the client's own words. */
  readonly token: (name: string) => string;
  /** What it asks the person for, by IDs that entries refer to. */
  readonly inputs?: (name: string) => readonly { readonly id: string }[];
  /** What the person has to do for the token. */
  readonly tokenStep: string;
};

type TokenHeader = { readonly Authorization: string };

/** No token: the server refuses it, and the name says what belongs there. */
export const TOKEN_PLACEHOLDER = 'wmcp_…';

/** A variable of the client. A server refuses it, as none of its settings has this name. */
const VARIABLE = 'WORKOS_MCP_TOKEN';

const setIt = (title: string) =>
  `${title} takes it from the variable ${VARIABLE}: set that where ${title} is started, and nowhere else.`;
const replaceIt = `Replace ${TOKEN_PLACEHOLDER} by the token that "workos-mcp agent add" printed.`;

const withHeaders = (headers: TokenHeader | undefined) => (headers === undefined ? {} : { headers });

/** The forms are theirs. Where a client's file takes no address, what to do instead. */
export const REMOTES: Readonly<Record<ClientName, RemoteForm | { readonly instead: string }>> = {
  'claude-desktop': {
    instead:
      'its file takes no addresses. Add the server under Settings > Connectors > Add custom connector; it signs in by OAuth.',
  },
  'claude-code': {
    entry: (url, headers) => ({ type: 'http', url, ...withHeaders(headers) }),
    token: () => `\${${VARIABLE}}`,
    tokenStep: setIt('Claude Code'),
  },
  cursor: {
    entry: (url, headers) => ({ url, ...withHeaders(headers) }),
    token: () => `\${env:${VARIABLE}}`,
    tokenStep: setIt('Cursor'),
  },
  vscode: {
    entry: (url, headers) => ({ type: 'http', url, ...withHeaders(headers) }),
    token: (name) => `\${input:${name}-token}`,
    inputs: (name) => [
      { type: 'promptString', id: `${name}-token`, description: 'Token of workos-mcp (wmcp_…)', password: true },
    ],
    tokenStep: 'VS Code asks for it when the server starts for the first time, and keeps it in its own store.',
  },
  windsurf: {
    entry: (url, headers) => ({ serverUrl: url, ...withHeaders(headers) }),
    token: () => `\${env:${VARIABLE}}`,
    tokenStep: setIt('Windsurf'),
  },
  codex: {
    // Codex makes the header of a variable.
    entry: (url, headers) => ({ url, ...(headers !== undefined && { bearer_token_env_var: VARIABLE }) }),
    token: () => VARIABLE,
    tokenStep: setIt('Codex'),
  },
  gemini: {
    entry: (url, headers) => ({ httpUrl: url, ...withHeaders(headers) }),
    token: () => `$${VARIABLE}`,
    tokenStep: setIt('Gemini CLI'),
  },
  zed: {
    entry: (url, headers) => ({ url, ...withHeaders(headers) }),
    token: () => TOKEN_PLACEHOLDER,
    tokenStep: replaceIt,
  },
  generic: {
    entry: (url, headers) => ({ url, ...withHeaders(headers) }),
    token: () => TOKEN_PLACEHOLDER,
    tokenStep: replaceIt,
  },
};
