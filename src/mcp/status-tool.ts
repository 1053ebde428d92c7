import * as z from 'zod';
import { type Agent, noSuch, STATUS_TOOL, toAccess, toPolicy } from '../access/overview.ts';
import { type Remedy, toToolAccess } from '../access/tool-access.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { type Environment, tool } from '../catalog/declaration.ts';
import { type Tool, toTool } from '../catalog/tool.ts';
import { RefusedError } from '../errors.ts';
import type { JsonObject } from '../json.ts';

/**
 * The server's own tool, outside the catalogue and its grants: it tells an agent what it may do, and what the operator
 * would have to change. It names tools that are off too: the catalogue is public, only calling is guarded.
 */
export function createStatusTool(catalog: Catalog, agent: Omit<Agent, 'environment'>): Tool {
  const declaration = tool({
    name: STATUS_TOOL,
    // Never requested: the tool is answered locally.
    route: 'GET /access_status',
    access: 'read',
    description: 'What you may do here, and why a tool or area is off.',
    input: { name: z.string().describe('Tool or area').optional() },
    local: ({ name }, { label }) => status(catalog, { ...agent, environment: label }, name),
  });
  return toTool({ name: 'server', title: 'Server' }, declaration);
}

/** Tools of the catalogue whose names all fit into an answer. Of more, it has numbers until an area is asked for. */
const MAX_NAMED_TOOLS = 60;

export const ONLY_THE_OPERATOR = 'Only the operator of this server can change this.';

function status(catalog: Catalog, agent: Agent & { environment: Environment['label'] }, name: string | undefined) {
  const { environment, name: who, confirm, dryRun } = agent;
  const own = { environment, agent: who, ...(confirm !== undefined && { confirm }), ...(dryRun && { dry_run: true }) };
  const tool = catalog.tools.find((candidate) => candidate.name === name);
  if (tool !== undefined) return statusOf(catalog, agent, tool, own);

  const access = toAccess(catalog, toPolicy(catalog, agent));
  if (name === undefined || name === STATUS_TOOL) {
    const isNamed = catalog.tools.length <= MAX_NAMED_TOOLS;
    const toShown = (tools: readonly { readonly name: string }[]) =>
      isNamed ? tools.map((one) => one.name) : tools.length;
    const areas = access.areas.map(({ name, on, off, credentials }) => [
      name,
      {
        ...(on.length > 0 && { on: toShown(on) }),
        ...(off.length > 0 && { off: toShown(off) }),
        ...(credentials.state !== 'none' && { credentials: credentials.state }),
      },
    ]);
    const notes = [
      ...(isNamed ? [] : ['These are numbers of tools: pass the name of an area to get their names.']),
      'Pass the name of a tool or area that is off to get the rule behind it and the grant that it needs.',
    ];
    return { ...own, areas: Object.fromEntries(areas), notes };
  }

  const area = access.areas.find((candidate) => candidate.name === name);
  if (area === undefined) throw new RefusedError(noSuch(catalog, name));
  const off = catalog.tools
    .filter((one) => area.off.some((other) => other.name === one.name))
    .map((one) => whyOff(catalog, agent, one));
  return {
    ...own,
    area: name,
    on: area.on.map((one) => one.name),
    off,
    credentials: area.credentials,
    ...((off.length > 0 || area.credentials.state === 'withheld') && { notes: [ONLY_THE_OPERATOR] }),
  };
}

/** Why a tool is off, and what the operator would have to change. */
export function whyOff(catalog: Catalog, agent: Agent, tool: Tool) {
  const { rule, way } = toToolAccess(catalog, agent, tool);
  return { tool: tool.name, rule, to_switch_on: compact(way) };
}

function statusOf(catalog: Catalog, agent: Agent, tool: Tool, own: JsonObject): Record<string, unknown> {
  const { description, rule, grant, way, credentials, confirmed, occasions } = toToolAccess(catalog, agent, tool);
  const guarded = [...(credentials?.arguments ?? []), ...(credentials?.widened ?? [])];
  const withheld = credentials?.rule !== undefined && !credentials.needed;
  return {
    // First, since models act on what they read first.
    ...(rule === undefined && withheld && { summary: `${tool.name} is on, but part of it is withheld.` }),
    ...own,
    tool: tool.name,
    area: tool.area,
    access: tool.needsCredentials ? `${tool.access} + credentials` : tool.access,
    description,
    ...(rule === undefined ? { on: true, grant } : { on: false, rule, to_switch_on: compact(way) }),
    ...(withheld && {
      withheld: {
        rule: credentials.rule,
        ...(guarded.length > 0 && { arguments: guarded }),
        ...(credentials.secrets.length > 0 && { answers: credentials.secrets }),
        to_show: compact(credentials.way),
      },
    }),
    ...(confirmed === true && { confirmed: 'every call' }),
    ...(typeof confirmed === 'object' && {
      confirmed: {
        ...(confirmed.length > 0 && { with_one_of: confirmed }),
        ...(occasions.length > 0 && { where: occasions }),
      },
    }),
    ...((rule !== undefined || withheld) && { notes: [ONLY_THE_OPERATOR] }),
  };
}

/** The changes to make, without empty lists. */
function compact({ grants, flags, settings, remove }: Remedy): Record<string, readonly string[]> {
  return {
    ...(grants.length > 0 && { add_grants: grants }),
    ...(flags.length > 0 && { add_flags: flags }),
    ...(settings.length > 0 && { add_settings: settings }),
    ...(remove.length > 0 && { remove }),
  };
}
