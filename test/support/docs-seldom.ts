/** Messages that the sources contain and that no call of the catalogue provokes: the file, the text as it stands there, when. */
export const SELDOM: readonly (readonly [file: string, text: string, when: string])[] = [
  [
    'src/call/steps.ts',
    'It is off for you: ${verdict.rule}.',
    'The grants were reduced after the tool was listed in the session',
  ],
  [
    'src/call/journal.ts',
    'A call that cannot be recorded is not sent. Ask the operator of this server to check its audit log.',
    'The record cannot be written, for example on a full disk; the reason comes before this text',
  ],
  [
    'src/call/call.ts',
    'The outcome could not be recorded, and nothing more is done until it can be. The person who runs this server has to look at its audit log.',
    'The same, after the call was sent; a note in the answer',
  ],
  [
    'src/audit/record.ts',
    'The audit record cannot be written (${reason}).',
    'The same, before the call or at the start',
  ],
  ['src/audit/record.ts', 'The audit record is closed.', 'The server is shutting down'],
  [
    'src/redis/connect.ts',
    'This server keeps its limits in Redis and cannot reach it. Nothing was sent to WorkOS. Try again in a minute. If the error persists, tell the operator of this server.',
    'Redis is away, with `--redis-away refuse`',
  ],
  [
    'src/redis/pending.ts',
    'This call needs a confirmation. This server keeps confirmations in Redis and cannot reach it. Nothing was sent to WorkOS. Try again in a minute. If the error persists, tell the operator of this server.',
    'Redis is away; no confirmation goes without it',
  ],
  [
    'src/start/start-stdio.ts',
    'A part of the program cannot be loaded (${code ?? name}). Install it again.',
    'A file of the installation is missing; over stdio this is reported once a client has connected',
  ],
  [
    'src/call/answer/failure.ts',
    '${tool.name} failed because of an internal error in the MCP server.',
    'An internal error of the server',
  ],
  ['src/call/answer/failure.ts', 'The server log has the details.', 'The same'],
  ['src/workos/transport.ts', 'the call was cancelled', 'The client cancelled the call and reads no answer'],
  ['src/workos/transport.ts', 'this server could not load one of its modules', 'A file of the installation is gone'],
  [
    'src/workos/transport.ts',
    'the call timed out before the request was sent',
    "All of the call's `--timeout` went by in a queue",
  ],
  ['src/workos/transport.ts', 'no connection was established in time', 'The host of `WORKOS_BASE_URL` does not answer'],
  ['src/workos/transport.ts', 'no connection was established', 'The same, for any other reason'],
  ['src/workos/transport.ts', 'host name not found', 'DNS does not know it'],
  ['src/workos/transport.ts', 'host name could not be looked up', 'DNS does not answer'],
  ['src/workos/transport.ts', 'host unreachable', 'The network has no route to the host'],
  ['src/workos/transport.ts', 'network unreachable', 'The same'],
  ['src/workos/transport.ts', 'the TLS certificate is not trusted (${code})', 'Its certificate is not trusted'],
  [
    'src/workos/transport.ts',
    'the answer was truncated',
    'An answer that is shorter than it says, on an open connection',
  ],
  ['src/workos/transport.ts', 'the HTTP exchange failed', 'Any other fault of the connection'],
  ['src/serve/http/responses.ts', 'The server is at its limit.', 'HTTP 503: 256 requests are under way'],
  [
    'src/serve/http/responses.ts',
    'You have too many requests under way. Wait for some to end.',
    'HTTP 429: 32 requests of one agent are in flight',
  ],
  ['src/serve/http/responses.ts', 'The server is closing.', 'HTTP 503: the server was asked to stop'],
  [
    'src/serve/http/responses.ts',
    'Something went wrong in the server. It has noted it.',
    'HTTP 500: an internal error of the server',
  ],
  [
    'src/serve/http/guard.ts',
    'The transfer coding is not chunked.',
    'HTTP 400; Node itself refuses most such requests',
  ],
  [
    'src/agents/headers.ts',
    '${ALLOW} keeps it off',
    '`get_access_status`, if a header of the request narrows the access',
  ],
  ['src/agents/headers.ts', '${READ_ONLY} keeps it off', 'The same'],
  ['src/start/start-http.ts', '--anonymous holds until a restart.', 'A reload (SIGHUP) would change it; in the log'],
  [
    'src/commands/doctor/redis.ts',
    '--redis-url: Redis cannot be used (${why}).',
    '`workos-mcp doctor`; a start waits for Redis instead',
  ],
  [
    'src/redis/connect.ts',
    '--redis-url: Redis refused the login (${reason}). Check the user name and password in the URL.',
    'A start with a wrong password in `--redis-url`',
  ],
  [
    'src/commands/agent/edit.ts',
    "${file} is written in a way that only you can change: add to ${change.path.join('.')} yourself.",
    '`workos-mcp agent`, on a file with aliases in that place',
  ],
  [
    'src/commands/files.ts',
    '${path} has changed meanwhile: try again.',
    '`workos-mcp agent`, while another process writes the file',
  ],
  [
    'src/commands/init/write.ts',
    '${file} is not UTF-8 throughout: nothing was changed.',
    '`workos-mcp init`, on a file that it would damage',
  ],
  [
    'src/settings/document.ts',
    '${at([])}: the file cannot be read.',
    'A file that breaks a rule with no message of its own',
  ],
  [
    'src/start/http-settings.ts',
    'There is no environment "${name}".',
    'An internal check: the file has been validated before',
  ],
  [
    'src/serve/http/serve-http.ts',
    '${host} can be reached from outside: name the hosts it is known under (--allowed-hosts).',
    'An internal check: `--public-url` names a host',
  ],
];
