import { callToolOf, kindsOf } from '../../access/call-kind.ts';
import { needsConfirmation } from '../../access/confirmation.ts';
import { FIELDS, FILTER, MAX_ITEMS } from '../../catalog/server-arguments.ts';
import type { Tool } from '../../catalog/tool.ts';

/** A tool that is on, in the form that the agent has, and how it is called. */
export type FoundTool = {
  readonly tool: Tool;
  readonly isListed: boolean;
  readonly isRestricted: boolean;
  /** Whether calls wait for a confirmation at all. */
  readonly isAsked: boolean;
};

/** The lines of tools, by the name of the call tool that takes them, or by `BY_NAME`. */
export type Lines = Readonly<Record<string, readonly string[]>>;

/** The heading of tools that are listed. */
export const BY_NAME = 'call by name';

/** What a line leaves out where lines are too long together, by step. */
const DETAILS = ['all', 'required', 'names'] as const;
type Detail = (typeof DETAILS)[number];

/** Arguments that lists share. The instructions tell of them. */
const SHARED: ReadonlySet<string> = new Set([
  'limit',
  'before',
  'after',
  'order',
  ...Object.keys({ ...MAX_ITEMS, ...FIELDS, ...FILTER }),
]);

/** The lines of tools in the most detail that fits into so many characters, in groups. */
export function toLines(found: readonly FoundTool[], maxChars: number): Lines {
  const [first, ...others] = DETAILS.map((detail) => group(found, detail));
  return [first, ...others].find((lines) => JSON.stringify(lines).length <= maxChars) ?? others.at(-1) ?? {};
}

function group(found: readonly FoundTool[], detail: Detail): Lines {
  const lines: Record<string, string[]> = {};
  for (const one of found) {
    const way = wayOf(one);
    lines[way] = [...(lines[way] ?? []), toLine(one, detail)];
  }
  return lines;
}

/** How a tool is called. */
export function wayOf({ tool, isListed, isRestricted }: FoundTool): string {
  const [plain] = kindsOf(tool, isRestricted);
  return isListed ? BY_NAME : callToolOf(plain);
}

/** `create_user(email, password!?, …): Create a user.` */
function toLine(found: FoundTool, detail: Detail): string {
  const { tool } = found;
  if (detail === 'names') return tool.name;
  const [clause = ''] = tool.description.split(/(?<=\.)\s/);
  const wait = waitOf(found);
  return `${tool.name}(${toSignature(found, detail)}): ${clause}${wait === '' ? '' : ` ${wait}`}`;
}

/** Arguments that the result of a call that waits tells of. */
const CONFIRMING: ReadonlySet<string> = new Set(['confirm_token', 'confirm_reason']);

function toSignature({ tool, isRestricted }: FoundTool, detail: Detail): string {
  const { properties = {}, required = [] } = Object(tool.jsonSchema());
  const isRequired = (name: string) => [required].flat().includes(name);
  const names = Object.keys(properties).filter((name) => !CONFIRMING.has(name));
  const shown = names.filter((name) => isRequired(name) || (detail === 'all' && !SHARED.has(name)));
  const marked = shown.map((name) => {
    const isGuarded = !isRestricted && !tool.needsCredentials && tool.guarded.includes(name);
    return `${name}${isGuarded ? '!' : ''}${isRequired(name) ? '' : '?'}${typeOf(properties[name])}`;
  });
  return [...marked, ...(shown.length < names.length ? ['…'] : [])].join(', ');
}

const TYPES: Readonly<Record<string, string>> = {
  integer: ': integer',
  number: ': number',
  boolean: ': boolean',
  array: '[]',
  object: '{}',
};

const typeOf = (schema: unknown): string => TYPES[String(Object(schema).type)] ?? '';

/** Whether calls wait for a yes: all of them, or those with an argument that is marked. */
export function waitOf({ tool, isRestricted, isAsked }: FoundTool): string {
  if (!isAsked || !tool.confirmable) return '';
  if (needsConfirmation(tool, {})) return '(waits for a yes)';
  return isRestricted ? '' : '(waits for a yes with !)';
}

/** What a mark in a line means, if one of them has it. */
export function marksIn(lines: Lines): readonly string[] {
  const isMarked = Object.values(lines)
    .flat()
    .some((line) => /!\??[:[{]?/.test(line.split('):')[0] ?? ''));
  return isMarked ? ['Calls with an argument marked ! go through call_credential_tool.'] : [];
}
