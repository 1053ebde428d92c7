import { startProgram } from './in-process.ts';
import { INITIALIZED, initialize, type Message, readMessages, toLine } from './raw.ts';
import { type ListedTool, type Session, toResult } from './session.ts';

/**
 * A session without an SDK, for tests that start many of them: a client of the SDKs compiles the output schema of every
 * tool that it lists. It makes one request at a time, and throws the error that a request is answered with.
 */
export async function connectPlainly(
  args: readonly string[],
  env: Record<string, string>,
): Promise<Pick<Session, 'listTools' | 'call' | 'log' | 'close'>> {
  const { stdin, stdout, log, exit } = startProgram(args, env);
  const next = readMessages(stdout);
  let id = 1;
  const answerTo = async (message: Message): Promise<unknown> => {
    stdin.write(toLine(message));
    for (;;) {
      const answer = await next();
      if (answer === null) throw new Error(`The program ended: ${log()}`);
      if (answer.id !== message.id) continue;
      if (answer.error !== undefined) throw answer.error;
      return answer.result;
    }
  };
  const request = (method: string, params: object) => {
    id += 1;
    return answerTo({ id, method, params });
  };
  await answerTo(initialize());
  stdin.write(toLine(INITIALIZED));
  return {
    listTools: async () => {
      const { tools }: { readonly tools: readonly ListedTool[] } = Object(await request('tools/list', {}));
      return tools;
    },
    call: async (name, args = {}) => toResult(await request('tools/call', { name, arguments: args })),
    log,
    close: async () => {
      stdin.end();
      await exit;
    },
  };
}
