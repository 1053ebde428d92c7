import type { InitializeResult, ListToolsResult } from '@modelcontextprotocol/server';
import { type ConfirmMode, withConfirmToken } from '../access/confirmation.ts';
import type { Policy } from '../access/policy.ts';
import type { Verdict } from '../call/verdict.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Environment } from '../catalog/declaration.ts';
import type { Listing } from '../catalog/listing.ts';
import type { Tool } from '../catalog/tool.ts';
import { marker } from '../secrets/withhold.ts';
import { toInstructions } from './instructions.ts';
import { offerPrompts, type Prompts } from './prompts/listed.ts';

/** What one agent is offered, created once and shared by all its connections. */
export type Offer<T extends Listing = Tool> = {
  readonly agent: string;
  readonly environment: Environment['label'];
  readonly confirm: ConfirmMode;
  readonly dryRun: boolean;
  readonly instructions: string;
  /** By name: every tool of the agent, in the form for this agent. */
  readonly tools: ReadonlyMap<string, T>;
  /** The answer to tools/list, made on first use. */
  readonly list: ListToolsResult;
  readonly prompts: Prompts;
  readonly verdictOn: (tool: Listing) => Verdict;
  /** Why a call gets a protocol error, and the tool that it names, if there is one. */
  readonly whyRefused: (name: unknown) => { readonly tool: T | undefined; readonly rule: string };
  /** The placeholder for a tool's secrets, if the agent may not see them. */
  readonly markerOf: (tool: Listing) => string | undefined;
};

export type OfferDeps<T extends Listing> = {
  readonly agent: string;
  readonly catalog: Catalog<T>;
  readonly policy: Policy;
  readonly environment: Environment['label'];
  readonly confirm: ConfirmMode;
  /** Whether writes are answered with their request, and not sent. */
  readonly dryRun?: boolean;
  /** The server's own tool, outside catalog and policy. */
  readonly statusTool?: T | undefined;
};

/** A tool whose forms are of the same type. */
type Formed<T> = Listing & { readonly restricted?: T; readonly confirmed?: T };

export function createOffer<T extends Formed<T>>({
  agent,
  catalog,
  policy,
  environment,
  confirm,
  dryRun = false,
  statusTool,
}: OfferDeps<T>): Offer<T> {
  // In an area in which no tool handles credentials, the marker cannot name a credentials grant.
  const grantable = new Set(catalog.tools.filter((tool) => tool.handlesCredentials).map((tool) => tool.area));
  const markerOf = (tool: Listing) => {
    if (policy.whyRestricted(tool) === undefined) return undefined;
    return grantable.has(tool.area) ? marker(tool.area) : '[withheld]';
  };
  const own = (tool: T): T => {
    const variant: T = (policy.whyRestricted(tool) !== undefined && tool.restricted) || tool;
    return confirm === 'auto' ? withConfirmToken(variant) : variant;
  };
  const offered = catalog.tools.filter((tool) => policy.whyOff(tool) === undefined).map(own);
  const tools = new Map(
    [...offered, statusTool].flatMap((tool) => (tool === undefined ? [] : [[tool.name, tool] as const])),
  );
  let list: ListToolsResult | undefined;
  return {
    agent,
    environment,
    confirm,
    dryRun,
    instructions: toInstructions(catalog, {
      environment,
      tools,
      statusTool,
      isRestricted: (tool) => policy.whyRestricted(tool) !== undefined,
    }),
    tools,
    get list() {
      list ??= { tools: [...tools.values()].map(toDefinition) };
      return list;
    },
    prompts: offerPrompts(catalog.prompts, tools),
    verdictOn: (tool) => {
      if (tool.name === statusTool?.name) return { allowed: true, rule: 'the status tool' };
      const why = policy.whyOff(tool);
      if (why !== undefined) return { allowed: false, rule: why };
      return { allowed: true, rule: policy.grantOf(tool) ?? '', credentials: policy.credentialsGrantOf(tool) };
    },
    markerOf,
    whyRefused: (name) => {
      const tool = [...tools.values(), ...catalog.tools].find((other) => other.name === name);
      if (tool === undefined) return { tool, rule: 'there is no such tool' };
      return { tool, rule: tools.has(tool.name) ? 'the request is malformed' : (policy.whyOff(tool) ?? '') };
    },
  };
}

/**
 * Replaces the listings of an offer by the tools themselves, so that they can be called.
 * @param statusTool the server's own tool, if the offer has it
 */
export function withTools(offer: Offer<Listing>, catalog: Catalog, statusTool: Tool | undefined): Offer {
  const all = new Map([...catalog.tools, ...(statusTool ? [statusTool] : [])].map((tool) => [tool.name, tool]));
  const toForm = ({ name, form }: Listing): Tool => {
    const tool = all.get(name);
    const forms = [tool, tool?.confirmed, tool?.restricted, tool?.restricted?.confirmed];
    const found = forms.find((one) => one?.form === form);
    if (found === undefined) throw new Error(`the build has listed ${form}, which is not declared`);
    return found;
  };
  const tools = new Map([...offer.tools].map(([name, listing]) => [name, toForm(listing)]));
  return {
    ...offer,
    tools,
    whyRefused: (name) => {
      const { tool, rule } = offer.whyRefused(name);
      return { tool: tool && (tools.get(tool.name) ?? all.get(tool.name)), rule };
    },
  };
}

/** The entry of a tool in tools/list. */
function toDefinition(tool: Listing): ListToolsResult['tools'][number] {
  const { name, title, description, annotations } = tool;
  // No outputSchema: clients reject an answer that it does not allow, and WorkOS answers more than it documents.
  const definition = { name, title, description, inputSchema: tool.jsonSchema(), annotations };
  // The schema describes an object, but its type is wider.
  return definition as ListToolsResult['tools'][number];
}

/** The server's part of the answer to initialize. */
export function toGreeting({ instructions, prompts }: Pick<Offer, 'instructions' | 'prompts'>, version: string) {
  return {
    capabilities: {
      tools: { listChanged: false },
      ...(prompts.size > 0 && { prompts: { listChanged: false }, completions: {} }),
    },
    serverInfo: { name: 'workos-mcp', title: 'WorkOS', version },
    instructions,
  } satisfies Omit<InitializeResult, 'protocolVersion'>;
}
