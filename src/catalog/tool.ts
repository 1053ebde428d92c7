import * as z from 'zod';
import type { Declared } from '../secrets/withhold.ts';
import { withBounds } from './bounds.ts';
import { asPublished, clearableIn, withClear } from './clear.ts';
import {
  type Area,
  CLIENT_ID,
  type Declaration,
  type DeclaredPlace,
  type Input,
  type Limit,
  type Method,
} from './declaration.ts';
import { toJsonSchema } from './json-schema.ts';
import { listItem, membersIn, omittedFromLists, secretsIn, sentencesOn, toListed } from './output.ts';
import { converted, type JsonSchema } from './prebuilt.ts';
import { CONFIRM_REASON, CONFIRM_TOKEN, FIELDS, FILTER, MAX_ITEMS, OWN } from './server-arguments.ts';

/** Where an argument travels in the HTTP request, or that it is the server's own. */
export type ArgumentPlace = 'path' | 'header' | 'server' | DeclaredPlace;

/** A declaration with everything that follows from it. */
export type Tool = Omit<Declaration, 'name' | 'output'> & {
  readonly name: string;
  readonly area: string;
  readonly title: string;
  readonly method: Method;
  readonly path: string;
  readonly output?: z.ZodObject;
  /** Whether WorkOS answers with an array, which `output` has in a list. */
  readonly answersArray: boolean;
  /** Reads arguments. Made on first use and kept, as is the schema that clients see. */
  readonly schema: () => z.ZodObject;
  readonly jsonSchema: () => JsonSchema;
  /** Identifies its arguments among those of all tools and of all forms of a tool. */
  readonly form: string;
  /** Whether a call may change something in WorkOS, a one-time code that it spends included. */
  readonly changes: boolean;
  readonly annotations: {
    readonly title: string;
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: boolean;
  };
  /**
   * Whether a request may be sent again: never, only where it took no effect for sure, or also after an unknown
   * outcome. Follows from HTTP and WorkOS's documentation, never from `access`.
   */
  readonly repeat: 'never' | 'refused' | 'unknown';
  /** The documented limits that a call counts in, the most specific one last. */
  readonly allLimits: readonly Limit[];
  /** Whether the server can follow its cursors. */
  readonly paginated: boolean;
  /** Whether it answers with a list, in pages or whole. */
  readonly isList: boolean;
  readonly needsCredentials: boolean;
  /** The arguments of this form that take the credentials grant. */
  readonly guarded: readonly string[];
  /** Whether each call of an agent with that grant uses it: for a secret in the answer, or for an argument. */
  readonly usesCredentials: boolean;
  /** Whether what is read before a call may demand that grant. */
  readonly looksFirst: boolean;
  /** What the answer's declaration says of secrets. */
  readonly declared: () => Declared;
  /** Members that the answer's list items leave out unless asked for, as dotted paths. */
  readonly omittedMembers: () => ReadonlySet<string>;
  /** Whether the credentials grant makes any difference to it, in arguments or answers. */
  readonly handlesCredentials: boolean;
  readonly needsClientId: boolean;
  /** Tools of which an agent must have one: without, this one would show nothing. */
  readonly needsOneOf?: readonly string[] | undefined;
  /** Whether it waits for events instead of sending its arguments. */
  readonly waits?: true;
  /** The tool as agents without its area's credentials grant have it, where that makes a difference to its arguments. */
  readonly restricted?: Tool;
  /** The tool as clients have it that may be unable to ask a person, where some of its calls wait for a confirmation. */
  readonly confirmed?: Tool;
  /** The same as agents have it whose calls approvers confirm. Made on first use: few deployments have such agents. */
  readonly approved?: () => Tool;
  /** The arguments that such a tool lacks (`clear.NAME`: NAME in its `clear`), and those of which it takes fewer values. */
  readonly lacking: readonly string[];
  readonly narrowed: readonly string[];
  /** The arguments that its argument `clear` may name. */
  readonly clearable: readonly string[];
  /** Whether some of its calls wait for a confirmation, and whether all do. */
  readonly confirmable: boolean;
  readonly alwaysConfirmed: boolean;
};

export function toTool(area: Omit<Area, 'tools' | 'meaning'>, declaration: Declaration): Tool {
  const { secrets = [], identity = [], narrowed = {}, whole } = declaration.credentials ?? {};
  const guarded = [...secrets, ...identity];
  const isRequired = (name: string) => !Object.hasOwn(narrowed, name) && !isOptional(declaration.input[name]);
  const needsCredentials = whole !== undefined || guarded.some(isRequired);
  const derived = derive(area, declaration);
  const { output } = derived;
  const secretMembers = new Set(output && converted(`${declaration.name}, secrets`, () => [...secretsIn(output)]));
  let shown: ReadonlySet<string> | undefined;
  const tool = {
    ...derived,
    needsCredentials,
    guarded,
    looksFirst: declaration.before !== undefined,
    usesCredentials: secretMembers.size > 0 || guarded.some((name) => !isOptional(declaration.input[name])),
    handlesCredentials: needsCredentials || guarded.length > 0 || secretMembers.size > 0,
    declared: () => {
      shown ??= output === undefined ? new Set() : membersIn(output);
      return { secrets: secretMembers, shown };
    },
  };
  if (guarded.length === 0 || needsCredentials) return withConfirmed(tool);
  const open = Object.entries(derived.input).filter(([name]) => !guarded.includes(name));
  const closed = withInput(tool, { ...Object.fromEntries(open), ...narrowed }, 'restricted');
  const { credentials: { description: _, ...credentials } = {} } = declaration;
  const uncleared = tool.clearable.filter((name) => !closed.clearable.includes(name));
  const restricted = {
    ...closed,
    description: descriptionOf({ ...declaration, credentials }),
    guarded: [],
    usesCredentials: false,
    lacking: [
      ...guarded.filter((name) => !Object.hasOwn(narrowed, name)),
      ...(closed.clearable.length === 0 && uncleared.length > 0 ? ['clear'] : uncleared.map((name) => `clear.${name}`)),
    ],
    narrowed: Object.keys(narrowed),
    confirmable:
      tool.alwaysConfirmed || (tool.confirmable && (declaration.confirm ?? declaration.before) !== undefined),
  };
  return { ...withConfirmed(tool), restricted: withConfirmed(restricted) };
}

function withConfirmed(tool: Tool): Tool {
  if (!tool.confirmable) return tool;
  let approved: Tool | undefined;
  return {
    ...tool,
    confirmed: withInput(tool, { ...tool.input, ...CONFIRM_TOKEN }, 'confirmed'),
    approved: () => {
      approved ??= withInput(tool, { ...tool.input, ...CONFIRM_TOKEN, ...CONFIRM_REASON }, 'approved');
      return approved;
    },
  };
}

/** The tool with other arguments; `form` says how they differ. */
function withInput(tool: Tool, input: Input, form: string): Tool {
  return { ...tool, ...toForm(tool.method, input, `${tool.form}, ${form}`) };
}

/** What follows from a declaration for every agent. */
function derive(
  area: Omit<Area, 'tools' | 'meaning'>,
  declaration: Declaration,
): Omit<Tool, 'needsCredentials' | 'guarded' | 'usesCredentials' | 'looksFirst' | 'handlesCredentials' | 'declared'> {
  const [method, path] = declaration.route.split(' ') as [Method, string]; // Route's type guarantees one space
  const { output: body, ...rest } = declaration;
  const { access, effect, confirm, preview } = rest;
  const output = body && toListed(body);
  const isList = output !== undefined && listItem(output) !== undefined;
  const paginated = isList && Object.hasOwn(declaration.input, 'after');
  const input: Input = {
    ...declaration.input,
    ...(paginated && MAX_ITEMS),
    ...(method === 'GET' && output && !declaration.local && FIELDS),
    ...(isList && FILTER),
  };
  const title = toTitle(declaration.name);
  const constants = Object.values(declaration.constants ?? {});
  const changes = method !== 'GET' && effect !== 'none';
  const repeatable = !changes || !['POST', 'PATCH'].includes(method) || declaration.repeats === 'documented';
  const isKeyed = declaration.idempotencyKey !== undefined;
  let omitted: ReadonlySet<string> | undefined;
  return {
    ...rest,
    description: descriptionOf(declaration),
    ...(output && { output }),
    answersArray: body instanceof z.ZodArray,
    area: area.name,
    title,
    method,
    path,
    ...toForm(method, input, declaration.name),
    omittedMembers: () => {
      const item = output && listItem(output);
      omitted ??= item === undefined ? new Set() : omittedFromLists(item);
      return omitted;
    },
    changes,
    annotations: {
      title,
      readOnlyHint: access === 'read' && !changes,
      destructiveHint: changes && (method !== 'POST' || access === 'delete' || effect === 'ends'),
      idempotentHint: repeatable,
      openWorldHint: declaration.local === undefined,
    },
    repeat: declaration.once ? 'never' : repeatable || isKeyed ? 'unknown' : 'refused',
    allLimits: [area.limits?.[method === 'GET' ? 'get' : 'other'] ?? [], declaration.limits ?? []].flat(),
    paginated,
    isList,
    lacking: [],
    narrowed: [],
    confirmable: preview !== undefined,
    alwaysConfirmed: preview !== undefined && (access === 'delete' || confirm === 'always'),
    needsClientId: constants.includes(CLIENT_ID),
    needsOneOf: rest.events && [...new Set(rest.events.map(({ reader }) => reader))],
  };
}

/** Both forms of a tool say the same of its answer. */
function descriptionOf({ name, access, description, credentials, output }: Declaration): string {
  const onAnswer =
    output === undefined || access !== 'read'
      ? []
      : converted(`${name}, sentences`, () => sentencesOn(toListed(output)));
  return [description, credentials?.description, ...onAnswer].filter((part) => part !== undefined).join(' ');
}

function toForm(
  method: Method,
  declared: Input,
  form: string,
): Pick<Tool, 'input' | 'clearable' | 'schema' | 'jsonSchema' | 'form'> {
  const { clear: _, ...members } = declared;
  const clearable = clearableIn(method, members);
  const input = withClear(members, clearable);
  let made: z.ZodObject | undefined;
  let json: JsonSchema | undefined;
  const schema = () => {
    made ??= z.strictObject(withBounds(input));
    return made;
  };
  return {
    input,
    clearable,
    form,
    schema,
    jsonSchema: () => {
      json ??= converted(form, () => toJsonSchema(z.strictObject(asPublished(input, clearable))));
      return json;
    },
  };
}

/** The argument's place in the HTTP request, by the placement rule or as declared. */
export function placeOf(tool: Tool, argument: string): ArgumentPlace {
  if (tool.path.includes(`{${argument}}`)) return 'path';
  if (Object.hasOwn(OWN, argument)) return 'server';
  if (tool.idempotencyKey === argument) return 'header';
  return tool.in?.[argument] ?? (tool.method === 'GET' || tool.method === 'DELETE' ? 'query' : 'body');
}

/** What WorkOS calls an argument. */
export const wireName = ({ wire = {} }: Tool, argument: string): string => wire[argument] ?? argument;

const ACRONYMS: ReadonlySet<string> = new Set(['api', 'id', 'idp', 'it', 'jwt', 'mfa', 'sso', 'totp', 'uri', 'url']);

function toTitle(name: string): string {
  const words = name.split('_').map((word) => (ACRONYMS.has(word) ? word.toUpperCase() : word));
  const [first = '', ...rest] = words;
  return [first.charAt(0).toUpperCase() + first.slice(1), ...rest].join(' ');
}

function isOptional(schema: z.ZodType | undefined): boolean {
  return schema === undefined || schema instanceof z.ZodOptional;
}
