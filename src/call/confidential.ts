import type { Arguments } from '../catalog/declaration.ts';
import type { Tool } from '../catalog/tool.ts';
import type { EventView } from '../events/view.ts';
import { isObject } from '../json.ts';
import { withoutSecretTexts } from '../secrets/texts.ts';
import { type Declared, isNested, withhold } from '../secrets/withhold.ts';

/** The confidential parts of one call. */
export type Confidential = {
  /** The answer's secrets and the marker that replaces them, for agents without the grant. */
  readonly withheld?: { readonly declared: Declared; readonly marker: string };
  /** What the agent may see of events, where the answer consists of them. It withholds their secrets, too. */
  readonly view?: EventView | undefined;
  /** The API key and the values of secret arguments. */
  readonly values: readonly string[];
};

export const NOTHING: Confidential = { values: [] };

/** @param marker replaces secrets; `undefined` if the agent may see them */
export function toConfidential(
  tool: Tool,
  args: Arguments,
  marker: string | undefined,
  apiKey: string,
  view?: EventView,
): Confidential {
  const secrets = tool.credentials?.secrets ?? [];
  const values = [apiKey, ...secrets.map((name) => args[name]).filter((value) => typeof value === 'string')];
  return marker === undefined ? { values, view } : { values, view, withheld: { declared: tool.declared(), marker } };
}

/** The answer with secrets replaced by the marker. */
export function withoutSecrets(value: unknown, { withheld, view }: Confidential): unknown {
  if (view !== undefined && isObject(value) && Array.isArray(value.data)) {
    return { ...value, data: value.data.flatMap((event) => (isObject(event) ? (view.show(event) ?? []) : [])) };
  }
  return withheld === undefined ? value : withhold(value, withheld.declared, withheld.marker);
}

/** Shorter values are not removed from objects: they occur by chance, and genuine data would be lost with them. */
const MIN_CHARS_IN_OBJECT = 8;

/** The JSON value without the confidential values, in strings and in names. */
export function withoutValues(value: unknown, { values }: Confidential): unknown {
  const long = values.filter((text) => text.length >= MIN_CHARS_IN_OBJECT);
  return mapStrings(value, (text) => redact(text, long));
}

/** Texts are only read, so shorter values are removed from them too. */
const MIN_CHARS_IN_TEXT = 4;

/** The text without the confidential values and, for agents without the grant, without lookalikes of secrets. */
export function textWithoutValues(text: string, { values, withheld }: Confidential): string {
  const struck = redact(
    text,
    values.filter((value) => value.length >= MIN_CHARS_IN_TEXT),
  );
  return withheld === undefined ? struck : withoutSecretTexts(struck, withheld.marker);
}

function redact(text: string, values: readonly string[]): string {
  // The longest first: one value may contain another.
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
