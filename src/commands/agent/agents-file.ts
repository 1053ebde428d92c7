import { StartError } from '../../errors.ts';
import { type AgentConfig, type AgentsConfig, toAgents } from '../../settings/agents-config.ts';
import { withoutComments } from '../../settings/json-comments.ts';
import { plainText } from '../../settings/plain-text.ts';
import { readSettingsFile } from '../../settings/settings-file.ts';
import { type Change, changeText } from '../edit/change.ts';
import { json } from '../edit/json-text.ts';
import { yamlOf } from '../edit/yaml-text.ts';
import { readText, replaceText } from '../files.ts';
import { rephrase } from '../rephrase.ts';

/** The agents of a text, also those that wait for a first token. */
export const readAgents = async (text: string, path: string): Promise<AgentsConfig> =>
  toAgents(await readSettingsFile(text, path), { mayLackTokens: true });

export type Existing = { readonly text: string; readonly config: AgentsConfig };

/** The text of a file and its agents. Throws StartError where there is no such file, or where it is not valid. */
export async function readExisting(path: string): Promise<Existing> {
  const text = await readText(path);
  if (text === undefined) throw new StartError(`There is no file ${path}.`);
  return { text, config: await readAgents(text, path) };
}

/** An agent of a file by its name. Throws StartError where there is none. */
export function agentIn({ agents }: AgentsConfig, name: string, path: string): AgentConfig {
  const agent = agents.find((known) => known.name === name);
  if (agent === undefined) throw new StartError(`${path} has no agent ${name}.`);
  return agent;
}

/**
 * Changes a file of agents, comments and all the rest kept.
 * @param before the text as read; `undefined` begins a file
 * @param judge throws StartError for agents that the file is not to have
 * @returns the agents that the file has now
 * @throws StartError where the file would not start a server; it is left as it was then
 */
export async function changeAgents(
  path: string,
  before: string | undefined,
  change: Change,
  judge: (config: AgentsConfig) => void = () => {},
): Promise<AgentsConfig> {
  const text = before ?? (path.endsWith('.json') ? '{}\n' : '');
  const format = withoutComments(plainText(text, path)) === undefined ? yamlOf(path) : json;
  const after = await rephrase(
    () => changeText(text, [change], format),
    (message) => `${path} was left as it is: ${message}.`,
  );
  const config = await rephrase(
    () => readAgents(after, path),
    // The line is one that the file does not have.
    (message) => (message.startsWith(path) ? message.slice(path.length).replace(/^:\d+: /, '') : message),
  );
  judge(config);
  await replaceText(path, before, after);
  return config;
}
