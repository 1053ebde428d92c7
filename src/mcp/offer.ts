import type { InitializeResult, ListToolsResult } from '@modelcontextprotocol/server';
import { type CallKind, kindsOf, kindsOfAll } from '../access/call-kind.ts';
import { type ConfirmMode, toConfirmForm } from '../access/confirmation.ts';
import { STATUS_TOOL } from '../access/overview.ts';
import type { Policy } from '../access/policy.ts';
import type { Caller, Named } from '../call/caller.ts';
import type { Verdict } from '../call/verdict.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { type Environment, WAIT_TOOL } from '../catalog/declaration.ts';
import type { Listing } from '../catalog/listing.ts';
import type { Tool } from '../catalog/tool.ts';
import { marker } from '../secrets/withhold.ts';
import { toInstructions } from './instructions.ts';
import { toNamed } from './named.ts';
import { offerPrompts, type Prompts } from './prompts/listed.ts';
import { isServerTool, type ServerTools } from './server-tools.ts';

/** What one agent is offered, created once and shared by all its connections. */
export type Offer<T extends Listing = Tool> = {
  readonly agent: string;
  readonly environment: Environment['label'];
  readonly confirm: ConfirmMode;
  /** Under confirm: person, whether what a client asks counts, and whether an approver may confirm a call of their own. */
  readonly clientAsks: Caller['clientAsks'];
  readonly samePerson: Caller['samePerson'];
  readonly dryRun: boolean;
  readonly instructions: string;
  /** By name: every tool of the agent, in the form for this agent. */
  readonly tools: ReadonlyMap<string, T>;
  /** The kinds of the call tools that the agent has, by name; none where every tool is listed. */
  readonly calls: ReadonlyMap<string, CallKind>;
  readonly named: Named | undefined;
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
  readonly clientAsks?: Caller['clientAsks'];
  readonly samePerson?: Caller['samePerson'];
  /** Whether writes are answered with their request, and not sent. */
  readonly dryRun?: boolean;
} & ServerTools<T>;

/** A tool whose forms are of the same type. */
type Formed<T> = Listing & { readonly restricted?: T; readonly confirmed?: T; readonly approved?: () => T };

export function createOffer<T extends Formed<T>>({
  agent,
  catalog,
  policy,
  environment,
  confirm,
  clientAsks,
  samePerson,
  dryRun = false,
  statusTool,
  waitTool,
  finding,
}: OfferDeps<T>): Offer<T> {
  // In an area in which no tool handles credentials, the marker cannot name a credentials grant.
  const grantable = new Set(catalog.tools.filter((tool) => tool.handlesCredentials).map((tool) => tool.area));
  const isRestricted = (tool: Listing) => policy.whyRestricted(tool) !== undefined;
  const markerOf = (tool: Listing) => {
    if (!isRestricted(tool)) return undefined;
    return grantable.has(tool.area) ? marker(tool.area) : '[withheld]';
  };
  const own = (tool: T): T => {
    const variant: T = (isRestricted(tool) && tool.restricted) || tool;
    return toConfirmForm(variant, confirm);
  };
  const offered = catalog.tools.filter((tool) => policy.whyOff(tool) === undefined).map(own);
  const hidden = finding === undefined ? [] : offered.filter((tool) => !finding.isListed(tool));
  const found: ReadonlyMap<string, CallKind> = new Map(
    hidden.map((tool) => [tool.name, kindsOf(tool, isRestricted(tool))[0]]),
  );
  const isListed = ({ name }: Listing) => !found.has(name);
  const findTool = hidden.length === 0 ? undefined : finding?.find;
  const calls = kindsOfAll(hidden, isRestricted).flatMap((kind) =>
    finding ? [{ kind, tool: finding.calls[kind] }] : [],
  );
  /** The grants know nothing of the tool that waits: it shows what this one lists. */
  const lister = catalog.tools.find(({ name }) => waitTool?.needsOneOf?.includes(name));
  const waits = lister !== undefined && policy.whyOff(lister) === undefined;
  const ownTools = [waits ? waitTool : undefined, statusTool, findTool, ...calls.map(({ tool }) => tool)].flatMap(
    (tool) => tool ?? [],
  );
  const tools = new Map([...offered, ...ownTools].map((tool) => [tool.name, tool]));
  let list: ListToolsResult | undefined;
  return {
    agent,
    environment,
    confirm,
    clientAsks,
    samePerson,
    dryRun,
    instructions: toInstructions(catalog, {
      environment,
      tools,
      isListed,
      statusTool,
      findTool,
      isRestricted,
    }),
    tools,
    calls: new Map(calls.map(({ kind, tool }) => [tool.name, kind])),
    named: toNamed(found),
    get list() {
      list ??= { tools: [...tools.values()].filter(isListed).map(toDefinition) };
      return list;
    },
    prompts: offerPrompts(catalog.prompts, tools),
    verdictOn: (tool) => {
      if (tool.name === STATUS_TOOL) return { allowed: statusTool !== undefined, rule: 'the status tool' };
      const ruled = tool.name === WAIT_TOOL ? lister : tool;
      if (ruled === undefined || isServerTool(ruled.name))
        return { allowed: finding !== undefined && tool.name !== WAIT_TOOL, rule: "the server's own tool" };
      const why = policy.whyOff(ruled);
      if (why !== undefined) return { allowed: false, rule: why };
      return { allowed: true, rule: policy.grantOf(ruled) ?? '', credentials: policy.credentialsGrantOf(ruled) };
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
 * @param own the server's own tools that the offer has
 */
export function withTools(
  offer: Offer<Listing>,
  catalog: Catalog,
  { statusTool, waitTool, finding }: ServerTools<Tool>,
): Offer {
  const own = [statusTool, waitTool, finding?.find, ...Object.values(finding?.calls ?? {})].flatMap(
    (tool) => tool ?? [],
  );
  const all = new Map([...catalog.tools, ...own].map((tool) => [tool.name, tool]));
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
export function toDefinition(tool: Listing): ListToolsResult['tools'][number] {
  const { name, title, description, annotations } = tool;
  // No outputSchema: clients reject an answer that it does not allow, and WorkOS answers more than it documents.
  const definition = { name, title, description, inputSchema: tool.jsonSchema(), annotations };
  // The schema describes an object, but its type is wider.
  return definition as ListToolsResult['tools'][number];
}

/** What the server tells of itself. */
export const toServerInfo = (version: string) => ({ name: 'workos-mcp', title: 'WorkOS', version });

/** The server's part of the answer to initialize. */
export function toInitializeResult(
  { instructions, prompts }: Pick<Offer, 'instructions' | 'prompts'>,
  version: string,
) {
  return {
    capabilities: {
      tools: { listChanged: false },
      ...(prompts.size > 0 && { prompts: { listChanged: false }, completions: {} }),
    },
    serverInfo: toServerInfo(version),
    instructions,
  } satisfies Omit<InitializeResult, 'protocolVersion'>;
}
