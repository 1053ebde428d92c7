import { allowOnly, USUAL_GRANTS } from '../../access/grants.ts';
import { createPolicy } from '../../access/policy.ts';
import { createToken } from '../../agents/token.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { StartError } from '../../errors.ts';
import { toAgents } from '../../settings/agents-config.ts';
import { whyInvalidName } from '../../settings/agents-schema.ts';
import { withoutComments } from '../../settings/json-comments.ts';
import { plainText } from '../../settings/plain-text.ts';
import { readSettingsFile } from '../../settings/settings-file.ts';
import { type Change, changeText } from '../edit/change.ts';
import { json } from '../edit/json-text.ts';
import { yamlOf } from '../edit/yaml-text.ts';
import { readText, replaceText, withLock } from '../files.ts';
import { rephrase } from '../rephrase.ts';

export type NewAgent = {
  /** Of a new agent only; there the first is needed. */
  readonly allow?: readonly string[] | undefined;
  readonly environment?: string | undefined;
};

export type Added = {
  /** To be shown once: it is kept nowhere. */
  readonly token: string;
  readonly id: string;
  /** Whether the file, and the agent in it, are new. */
  readonly newFile: boolean;
  readonly newAgent: boolean;
  /** The token that the new one is to replace. */
  readonly older: string | undefined;
};

/**
 * Gives an agent a token and writes its hash into the configuration file, comments and all the rest kept: a new agent,
 * or the second token of one that is there, to replace the first. A file that is not there is begun.
 * @throws StartError where the file would not start a server; it is left as it was then
 */
export async function addAgent(path: string, name: string, given: NewAgent, catalog: Catalog): Promise<Added> {
  const fault = whyInvalidName(name);
  if (fault !== undefined) throw new StartError(`"${name}": ${fault}.`);
  return withLock(path, () => add(path, name, given, catalog));
}

async function add(path: string, name: string, { allow, environment }: NewAgent, catalog: Catalog): Promise<Added> {
  const before = await readText(path);
  const config = await readAgents(before ?? '', path);
  const agent = config.agents.find((known) => known.name === name);
  const { id, token, hash } = createToken();
  const entry = `${hash.id}:${hash.sha256}`;

  if (agent === undefined) {
    if (allow === undefined || allow.length === 0) {
      const usual = USUAL_GRANTS.map(([grant, meaning]) => `  ${grant.padEnd(50)} ${meaning}`);
      throw new StartError([`There is no agent ${name} yet. Choose what it may do:`, ...usual].join('\n'));
    }
    createPolicy(catalog, allowOnly(allow));
    const value = { ...(environment === undefined ? {} : { environment }), allow: [...allow], tokens: [entry] };
    await edit(path, before, { path: ['agents', name], value });
  } else {
    if (allow !== undefined || environment !== undefined) {
      throw new StartError(
        `${path} has an agent ${name} already: change its access there. Without --allow and --environment it gets a second token.`,
      );
    }
    const [oldest] = agent.tokens;
    if (oldest !== undefined && agent.tokens.length > 1) {
      throw new StartError(
        `${name} has two tokens already. Remove the older one first: workos-mcp agent remove-token ${name} ${oldest.id}`,
      );
    }
    const tokens = [...agent.tokens.map(({ id, sha256 }) => `${id}:${sha256}`), entry];
    await edit(path, before, append(['agents', name, 'tokens'], tokens));
  }
  return { token, id, newFile: before === undefined, newAgent: agent === undefined, older: agent?.tokens[0]?.id };
}

/**
 * Takes a token of an agent out of the configuration file. Servers let it in until they reload.
 * @throws StartError where there is none of that ID, or where the agent would have no way to authenticate left
 */
export async function removeToken(path: string, name: string, id: string): Promise<void> {
  if ((await readText(path)) === undefined) throw new StartError(`There is no file ${path}.`);
  return withLock(path, () => remove(path, name, id));
}

async function remove(path: string, name: string, id: string): Promise<void> {
  const before = (await readText(path)) ?? '';
  const agent = toAgents(await readSettingsFile(before, path)).agents.find((known) => known.name === name);
  if (agent === undefined) throw new StartError(`${path} has no agent ${name}.`);
  const index = agent.tokens.findIndex((token) => token.id === id);
  if (index < 0) {
    const ids = agent.tokens.map((token) => token.id).join(', ');
    throw new StartError(`${name} has no token ${id}. It has ${ids === '' ? 'none' : ids}.`);
  }
  if (agent.tokens.length > 1) return edit(path, before, { path: ['agents', name, 'tokens', index], value: undefined });
  if (agent.jwt === undefined) {
    throw new StartError(`${id} is the only token of ${name}: add another first, or remove the agent from ${path}.`);
  }
  return edit(path, before, { path: ['agents', name, 'tokens'], value: undefined });
}

/** The agents of a file, also those that wait for a first token. */
const readAgents = async (text: string, path: string) =>
  toAgents(await readSettingsFile(text, path), { mayLackTokens: true });

/** One more item for a list that may not be there yet. */
function append(path: readonly string[], items: readonly string[]): Change {
  return items.length === 1 ? { path, value: items } : { path: [...path, items.length - 1], value: items.at(-1) };
}

async function edit(path: string, before: string | undefined, change: Change): Promise<void> {
  const text = before ?? (path.endsWith('.json') ? '{}\n' : '');
  const format = withoutComments(plainText(text, path)) === undefined ? yamlOf(path) : json;
  const after = await rephrase(
    () => changeText(text, [change], format),
    (message) => `${path} was left as it is: ${message}.`,
  );
  await rephrase(
    () => readAgents(after, path),
    // The line is one that the file does not have.
    (message) => (message.startsWith(path) ? message.slice(path.length).replace(/^:\d+: /, '') : message),
  );
  await replaceText(path, before, after);
}
