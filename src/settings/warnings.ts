import type { AgentConfig, AgentsConfig } from './agents-config.ts';
import { signsInUsersOf } from './issuer-environment.ts';

/** How long before an expiry it is warned of. */
const NOTICE_MS = 7 * 24 * 3_600_000;

/** A grant of these alone changes nothing in the environment. */
const READS = /:read$|^(get|list)_/;

/**
 * What is allowed, but seldom meant.
 * @param now milliseconds since 1970
 */
export function warnings(config: AgentsConfig, now: number): readonly string[] {
  const members = [
    ...config.agents.map((agent) => ({
      where: `agents.${agent.name}`,
      agent,
      jwt: agent.jwt,
      grants: agent.allow,
      ends: tokenWarnings(agent, now),
    })),
    ...config.templates.map((template) => ({
      where: `templates.${template.name}`,
      agent: template,
      jwt: template.jwt,
      grants: template.ceiling,
      ends: [],
    })),
  ];
  const machines = config.issuers.flatMap(({ name, m2mAudience }) =>
    m2mAudience === undefined
      ? []
      : [
          `issuers.${name} takes machine-to-machine tokens: such a token is good for every resource of that environment, so each service that it is sent to could use it here.`,
        ],
  );
  const ofMembers = members.flatMap(({ where, agent, jwt, grants, ends }) => {
    const issuer = config.issuers.find(({ name }) => name === jwt?.issuer);
    const changes = !agent.readOnly && grants.some((grant) => !READS.test(grant));
    const said: string[] = [];
    const { expires } = agent;
    if (expires !== undefined && expires <= now) said.push(`${where} has expired.`);
    else if (isSoon(expires, now)) said.push(`${where} expires at ${toTime(expires)}.`);
    said.push(...ends);
    if (issuer !== undefined && changes) {
      const own = signsInUsersOf(config, agent.environment, issuer);
      const could = `who signs in there could be given more by changing users, roles or organizations`;
      if (own === 'yes') said.push(`${where} may change the environment that issues its tokens: ${could}.`);
      if (own === 'unknown') {
        said.push(
          `${where} may change ${agent.environment}, which may be the environment that issues its tokens: ${could}. ` +
            `Say by issuers.${issuer.name}.environment which one does (or "other").`,
        );
      }
    }
    return said;
  });
  return [...machines, ...ofMembers];
}

const isSoon = (expires: number | undefined, now: number): expires is number =>
  expires !== undefined && expires <= now + NOTICE_MS;

const toTime = (milliseconds: number) => new Date(milliseconds).toISOString().replace('.000Z', 'Z');

/** A token that expires is not told of where another of the agent outlives it by more than the notice. */
function tokenWarnings({ name, tokens }: AgentConfig, now: number): readonly string[] {
  return tokens.flatMap(({ id, expires }) => {
    if (!isSoon(expires, now)) return [];
    const which = `agents.${name}: token ${id}`;
    const isReplaced = tokens.some((other) => !isSoon(other.expires, now));
    if (expires <= now) {
      const next = isReplaced || tokens.length > 1 ? `remove-token ${name} ${id}` : `rotate ${name}`;
      return [`${which} expired at ${toTime(expires)}: workos-mcp agent ${next} --config FILE`];
    }
    if (isReplaced) return [];
    return [`${which} expires at ${toTime(expires)}. Replace it: workos-mcp agent rotate ${name} --config FILE`];
  });
}
