import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { isInitializeRequest, SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/server';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerOpening } from '../src/serve/direct/stdio-opening.ts';
import { startProgram } from './support/in-process.ts';
import { INITIALIZED, initialize, type Message, PING, readMessages, toLine } from './support/raw.ts';

const LIST = { id: 2, method: 'tools/list' };
const CALL = { id: 3, method: 'tools/call', params: { name: 'get_access_status', arguments: {} } };

/** A server, told one message after the other, each once what came before is answered. */
function start(args: readonly string[] = ['--allow', '*:read']) {
  const { stdin, stdout, log, exit } = startProgram(['--sandbox', ...args]);
  return {
    log,
    write: (chunk: string | Buffer) => stdin.write(chunk),
    say: (...messages: readonly Message[]) => stdin.write(messages.map(toLine).join('')),
    answer: readMessages(stdout),
    /** Resolves to the exit code. */
    end: () => {
      stdin.end();
      return exit;
    },
  };
}

/** What the SDK answers: a ping is nothing for the opening, and ends it. */
async function bySdk(args: readonly string[] | undefined, requests: readonly Message[]): Promise<readonly Message[]> {
  const { say, answer, end } = start(args);
  say(PING);
  await answer();
  const answers = [];
  for (const request of requests) {
    say(request);
    answers.push(await answer());
  }
  await end();
  return answers;
}

const nested = (depth: number): object => JSON.parse(`${'{"a":'.repeat(depth)}{}${'}'.repeat(depth)}`);

describe('the opening', () => {
  it.each<[params: object, args: readonly string[]]>([
    ...SUPPORTED_PROTOCOL_VERSIONS.map((protocolVersion): [object, readonly string[]] => [{ protocolVersion }, []]),
    [{ capabilities: { roots: { listChanged: true }, sampling: {}, elicitation: { form: {} } } }, []],
    [{}, ['--allow', '*:full', '--confirm', 'strict']],
    [{}, ['--allow', 'get_user', '--no-status-tool']],
    [{ protocolVersion: '2024-01-01' }, []],
    [{ protocolVersion: 7 }, []],
    [{ capabilities: [] }, []],
    [{ capabilities: { roots: { listChanged: 'no' } } }, []],
    [{ capabilities: { roots: true } }, []],
    [{ capabilities: { roots: { listChanged: {} } } }, []],
    [{ capabilities: { sampling: { context: true } } }, []],
    [{ clientInfo: { name: 'raw' } }, []],
    [{ clientInfo: { name: 'raw', version: '1', icons: 'none' } }, []],
    [{ clientInfo: { name: 'raw', version: '1', title: 'Raw', websiteUrl: 'https://example.com' } }, []],
    [{ _meta: { progressToken: 1 } }, []],
    [{ capabilities: { extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html'] } } } }, []],
    [{ capabilities: { experimental: { listChanged: true } } }, []],
    [{ capabilities: { experimental: nested(400) } }, []],
    [{ capabilities: nested(4_000) }, []],
  ])('answers initialize with %j and %j, and the lists, as the SDK would', async (params, args) => {
    const grants = args.length === 0 ? undefined : args;
    const requests = [initialize(params), LIST, { id: 'p', method: 'prompts/list' }];
    const expected = await bySdk(grants, requests);
    const { say, answer, end } = start(grants);
    for (const [index, request] of requests.entries()) {
      say(request);
      expect(await answer()).toEqual(expected[index]);
    }
    await end();
  });

  it('says yes to nothing that the SDK would find fault with', async () => {
    const names = ['listChanged', 'applyDefaults', 'roots', 'elicitation', 'form', 'experimental', 'extensions', 'x'];
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom(true, false, null, 's', {}, []),
        fc.dictionary(fc.constantFrom(...names), tie('tree'), { maxKeys: 4 }),
      ),
    }));
    const more = fc.dictionary(fc.constantFrom('result', 'extra'), fc.constant({}), { maxKeys: 1 });
    let greeted = 0;
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.constantFrom(...names), tree), more, async (capabilities, extra) => {
        const message = { jsonrpc: '2.0', ...initialize({ capabilities }), ...extra };
        const [stdin, stdout] = [new PassThrough(), new PassThrough()];
        const opened = answerOpening(stdin, stdout, () => {}, {
          revisions: SUPPORTED_PROTOCOL_VERSIONS,
          initializeResult: {},
          lists: {},
          isAnsweredOtherwise: () => false,
        });
        stdin.write(`${JSON.stringify(message)}\nnot for the opening`);
        const isGreeted = (await opened).initializeId !== undefined;
        greeted += Number(isGreeted);
        expect(!isGreeted || (isInitializeRequest(message) && Object.keys(extra).length === 0)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    expect(greeted).toBeGreaterThan(50);
  });

  it('loses no answer where initialize is cancelled, and its ID used again', async () => {
    const { say, answer, end } = start();
    say(initialize());
    await answer();
    say({ method: 'notifications/cancelled', params: { requestId: 1 } }, { ...PING, id: 1 });
    expect(await answer()).toMatchObject({ id: 1, result: {} });
    await end();
  });

  it.each([
    ['a list with a cursor', { ...LIST, params: { cursor: 'x' } }],
    ['a list with an envelope', { ...LIST, params: { _meta: { progressToken: 1 } } }],
    ['a list of what there is none of', { id: 2, method: 'resources/list' }],
    ['a method that an object inherits', { id: 2, method: 'toString' }],
  ])('leaves %s to the SDK', async (_, request) => {
    const [, expected] = await bySdk(undefined, [initialize(), request]);
    const { say, answer, end } = start();
    say(initialize());
    await answer();
    say(INITIALIZED, request);
    expect(await answer()).toEqual(expected);
    await end();
  });

  it.each([
    ['params that are none', { ...LIST, params: [] }, { id: 2, error: { code: -32600 } }],
    ['params of null', { ...LIST, params: null }, { id: 2, result: { tools: expect.any(Array) } }],
    ['an ID that is none', { ...LIST, id: 1.5 }, { id: null, error: { code: -32600 } }],
  ])('has a list with %s answered behind it', async (_, request, expected) => {
    const { say, answer, end } = start();
    say(initialize(), INITIALIZED, request, PING);
    expect([(await answer()).id, await answer(), (await answer()).id]).toMatchObject([1, expected, 'ping']);
    await end();
  });

  it('leaves what comes before initialize to the SDK', async () => {
    const [expected] = await bySdk(undefined, [LIST]);
    const { say, answer, end } = start();
    say(LIST);
    expect(await answer()).toEqual(expected);
    await end();
  });

  it.each([
    ['all in one piece', (all: string) => [all]],
    ['cut within a line', (all: string) => [all.slice(0, 40), all.slice(40)]],
    ['cut within a later line', (all: string) => [all.slice(0, -40), all.slice(-40)]],
    ['cut within a character', (all: string) => [Buffer.from(all).subarray(0, -6), Buffer.from(all).subarray(-6)]],
  ])('answers each request once where they come %s', async (_, cut) => {
    const { write, answer, log, end } = start();
    await expect.poll(log).not.toBe(''); // the record's first entry: from then on it reads
    const params = { name: 'get_access_status', arguments: { name: 'éé' } };
    for (const piece of cut([initialize(), INITIALIZED, LIST, { ...CALL, params }].map(toLine).join(''))) {
      write(piece);
      await setImmediate();
    }
    const answers = [await answer(), await answer(), await answer()];
    expect(answers.map(({ id }) => id).sort()).toEqual([1, 2, 3]);
    expect(JSON.stringify(answers.find(({ id }) => id === 3))).toContain('éé');
    expect(await end()).toBe(0);
    expect(await answer()).toBeNull();
  });
});
