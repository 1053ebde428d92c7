import { allowOnly, USUAL_GRANTS } from '../../access/grants.ts';
import { createPolicy } from '../../access/policy.ts';
import { createToken } from '../../agents/token.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { StartError } from '../../errors.ts';
import type { AgentConfig, AgentsConfig } from '../../settings/agents-config.ts';
import { whyInvalidName } from '../../settings/agents-schema.ts';
import type { Change } from '../edit/change.ts';
import { readText, withLock } from '../files.ts';
import type { AgentSettings } from './agent-options.ts';
import { agentIn, changeAgents, type Existing, readAgents, readExisting } from './agents-file.ts';

/** A token as it was made. */
export type AddedToken = {
  /** To be shown once: it is kept nowhere. */
  readonly token: string;
  readonly id: string;
  /** The token that the new one is to replace. */
  readonly older: string | undefined;
};

export type Added = {
  /** Whether the file, and the agent in it, are new. */
  readonly newFile: boolean;
  readonly newAgent: boolean;
  /** None for a new agent that access tokens of an issuer identify. */
  readonly made: AddedToken | undefined;
};

/**
 * Adds an agent to the configuration file, with a token whose hash is written there, or gives one that is there a first or
 * second token. Comments and all the rest are kept. A file that is not there is begun.
 * @param given the settings of a new agent; `allow` is needed
 * @param expires the expiry of the token
 * @throws StartError where the file would not start a server; it is left as it was then
 */
export async function addAgent(
  path: string,
  name: string,
  given: AgentSettings,
  catalog: Catalog,
  expires?: string,
): Promise<Added> {
  const fault = whyInvalidName(name);
  if (fault !== undefined) throw new StartError(`"${name}": ${fault}.`);
  return withLock(path, async () => {
    const before = await readText(path);
    const config = await readAgents(before ?? '', path);
    const agent = config.agents.find((known) => known.name === name);
    if (agent !== undefined) {
      const settings = Object.keys(given);
      if (settings.length > 0) throw new StartError(whyKnown(path, name, settings));
      return { newFile: false, newAgent: false, made: await addToken(path, before ?? '', agent, expires) };
    }
    if (!Array.isArray(given.allow) || given.allow.length === 0) {
      const usual = USUAL_GRANTS.map(([grant, meaning]) => `  ${grant.padEnd(50)} ${meaning}`);
      throw new StartError([`There is no agent ${name} yet. Choose what it may do:`, ...usual].join('\n'));
    }
    if (given.jwt !== undefined && expires !== undefined) {
      throw new StartError(
        `--token-expires is about a token, and an agent with --jwt-… gets none. Add one next: workos-mcp agent add ${name} --config ${path}`,
      );
    }
    const { token, id, entry } = toEntry(expires);
    const value = given.jwt === undefined ? { ...given, tokens: [entry] } : given;
    const judge = (after: AgentsConfig) => {
      const { allow, deny } = agentIn(after, name, path);
      createPolicy(catalog, { ...allowOnly(allow), deny });
    };
    await changeAgents(path, before, { path: ['agents', name], value }, judge);
    const made = given.jwt === undefined ? { token, id, older: undefined } : undefined;
    return { newFile: before === undefined, newAgent: true, made };
  });
}

const whyKnown = (path: string, name: string, settings: readonly string[]) =>
  `${path} has an agent ${name} already: change its ${settings.join(', ')} there. Without those flags it gets a second token.`;

/**
 * Gives an agent a new token beside the one that it has.
 * @throws StartError where it has none, or two already
 */
export async function rotateToken(path: string, name: string, expires?: string): Promise<AddedToken> {
  return withExisting(path, async ({ text, config }) => {
    const agent = agentIn(config, name, path);
    if (agent.tokens.length === 0) {
      throw new StartError(`${name} has no token to replace. Add one: workos-mcp agent add ${name} --config ${path}`);
    }
    return addToken(path, text, agent, expires);
  });
}

/**
 * Takes the older of an agent's two tokens out.
 * @param now milliseconds since 1970
 * @returns its ID
 * @throws StartError where there are not two, or where the newer one has expired
 */
export async function finishRotation(path: string, name: string, now: number): Promise<string> {
  return withExisting(path, async ({ text, config }) => {
    const [older, newer] = agentIn(config, name, path).tokens;
    if (older === undefined || newer === undefined) {
      throw new StartError(
        `${name} has ${older === undefined ? 'no token' : 'one token only'}: begin with workos-mcp agent rotate ${name} --config ${path}`,
      );
    }
    if (newer.expires !== undefined && newer.expires <= now) {
      throw new StartError(
        `The newer token of ${name} (${newer.id}) has expired. Remove it, then rotate again: workos-mcp agent remove-token ${name} ${newer.id} --config ${path}`,
      );
    }
    await changeAgents(path, text, { path: ['agents', name, 'tokens', 0], value: undefined });
    return older.id;
  });
}

/**
 * Takes a token of an agent out of the configuration file. Servers let it in until they reload.
 * @throws StartError where there is none of that ID, or where the agent would have no way to authenticate left
 */
export async function removeToken(path: string, name: string, id: string): Promise<void> {
  return withExisting(path, async ({ text, config }) => {
    const agent = agentIn(config, name, path);
    const index = agent.tokens.findIndex((token) => token.id === id);
    if (index < 0) {
      const ids = agent.tokens.map((token) => token.id).join(', ');
      throw new StartError(`${name} has no token ${id}. It has ${ids === '' ? 'none' : ids}.`);
    }
    const tokens = ['agents', name, 'tokens'];
    if (agent.tokens.length > 1) await changeAgents(path, text, { path: [...tokens, index], value: undefined });
    else if (agent.jwt !== undefined) await changeAgents(path, text, { path: tokens, value: undefined });
    else {
      throw new StartError(
        `${id} is the only token of ${name}: add another first (workos-mcp agent rotate ${name}), or remove the agent (workos-mcp agent remove ${name}).`,
      );
    }
  });
}

/**
 * Takes an agent with all its settings out of the configuration file. Servers let it in until they reload.
 * @returns what the file has left
 * @throws StartError where there is none of that name
 */
export async function removeAgent(path: string, name: string): Promise<AgentsConfig> {
  return withExisting(path, async ({ text, config }) => {
    agentIn(config, name, path);
    return changeAgents(path, text, { path: ['agents', name], value: undefined });
  });
}

/** Runs what changes a file that has to be there, which is seen before a lock is made beside it. */
async function withExisting<T>(path: string, act: (found: Existing) => Promise<T>): Promise<T> {
  await readExisting(path);
  return withLock(path, async () => act(await readExisting(path)));
}

/** One more token for an agent that has none or one. */
async function addToken(path: string, before: string, { name, tokens }: AgentConfig, expires?: string) {
  const [older, newer] = tokens;
  if (older !== undefined && newer !== undefined) {
    throw new StartError(
      `${name} has two tokens already. Remove the older one first: workos-mcp agent remove-token ${name} ${older.id} --config ${path}`,
    );
  }
  const { token, id, entry } = toEntry(expires);
  const list = ['agents', name, 'tokens'];
  const change: Change =
    older === undefined ? { path: list, value: [entry] } : { path: [...list, tokens.length], value: entry };
  await changeAgents(path, before, change);
  return { token, id, older: older?.id };
}

/** A new token, and how its hash stands in the file. */
function toEntry(expires?: string) {
  const { token, hash } = createToken();
  return { token, id: hash.id, entry: [hash.id, hash.sha256, ...(expires === undefined ? [] : [expires])].join(':') };
}
