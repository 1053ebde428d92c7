import type { Arguments } from '../catalog/declaration.ts';
import type { Tool } from '../catalog/tool.ts';
import { type Declared, isNested, SECRET_IN_TEXT, withhold } from '../secrets.ts';

/** What must not be seen of one call. */
export type Confidential = {
  /** The answer's secrets and what stands in their place, for agents without the grant. */
  readonly withheld?: { readonly declared: Declared; readonly marker: string };
  /** The API key and the values of secret arguments. */
  readonly values: readonly string[];
};

export const NOTHING: Confidential = { values: [] };

/** @param marker what stands in the place of secrets; `undefined` where the agent may see them */
export function toConfidential(tool: Tool, args: Arguments, marker: string | undefined, apiKey: string): Confidential {
  const secrets = tool.credentials?.secrets ?? [];
  const values = [apiKey, ...secrets.map((name) => args[name]).filter((value) => typeof value === 'string')];
  return marker === undefined ? { values } : { values, withheld: { declared: tool.declared(), marker } };
}

/** An answer without what is confidential. */
export function withoutSecrets(value: unknown, { withheld }: Confidential): unknown {
  return withheld === undefined ? value : withhold(value, withheld.declared, withheld.marker);
}

/** In an object, only values that do not occur by chance are looked for: others would take true data with them. */
const MIN_IN_OBJECT = 8;

/** A JSON value without the confidential values, in its strings and names. */
export function withoutValues(value: unknown, { values }: Confidential): unknown {
  const long = values.filter((text) => text.length >= MIN_IN_OBJECT);
  return mapStrings(value, (text) => strike(text, long));
}

/** In a text that is for reading, shorter ones too. */
const MIN_IN_TEXT = 4;

/** A text without the confidential values and, for agents without the grant, without whatever looks like a secret. */
export function textWithoutValues(text: string, { values, withheld }: Confidential): string {
  const struck = strike(
    text,
    values.filter((value) => value.length >= MIN_IN_TEXT),
  );
  return withheld === undefined ? struck : struck.replace(SECRET_IN_TEXT, withheld.marker);
}

function strike(text: string, values: readonly string[]): string {
  // The longest first: one may hold another.
  return values
    .toSorted((a, b) => b.length - a.length)
    .reduce((rest, value) => rest.replaceAll(value, '[withheld]'), text);
}

function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((element) => mapStrings(element, change));
  if (!isNested(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [change(name), mapStrings(member, change)]));
}
