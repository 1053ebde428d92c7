import { StartError } from '../errors.ts';
import { didYouMean } from '../wording.ts';
import { SECTIONS } from './document.ts';
import { type Option, optionNames, optionOf } from './options.ts';
import { parseValue, type RawSettings } from './sources.ts';

/** What a file may not hold: secrets, which have their own places, and the file itself. */
const isSetting = (name: string): boolean =>
  optionOf(name) !== undefined && optionOf(name)?.kind !== 'secret' && name !== 'config';

/**
 * Reads a configuration file, YAML or JSON: a mapping whose keys are the flags without their dashes.
 * @param path for messages, which name file and line
 * @throws StartError for what does not parse, an unknown or repeated key, or a value of the wrong kind
 */
export async function parseConfigFile(text: string, path: string): Promise<RawSettings> {
  // Only those who have a file pay for its parser.
  const { LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const at = (offset: number | undefined) => `${path}:${offset === undefined ? 1 : lines.linePos(offset).line}`;
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) throw new StartError(`${at(fault.pos[0])}: ${fault.message}.`);

  const root: unknown = document.contents;
  if (root === null) return {};
  if (!isMapping(root)) throw new StartError(`${at(0)}: the file must be a mapping of settings to values.`);
  const given: Record<string, readonly string[]> = {};
  for (const { key, value } of root.items) {
    const where = at(key.range?.[0]);
    const name = String(key.value);
    if (SECTIONS.some((section) => section === name)) continue; // read by themselves, where agents are served
    const option = optionOf(name);
    if (option?.kind === 'secret')
      throw new StartError(`${where}: "${name}" does not belong in a file; set ${option.env}.`);
    if (option === undefined || !isSetting(name)) {
      const names = optionNames.filter(isSetting);
      throw new StartError(`${where}: there is no setting "${name}".${didYouMean(name, [...names, ...SECTIONS])}`);
    }
    given[name] = toTexts(`${where}: ${name}`, option, value === null ? null : value.toJSON());
  }
  return given;
}

function toTexts(where: string, option: Option, value: unknown): readonly string[] {
  if (option.kind === 'list') {
    const items = Array.isArray(value) ? value : [value];
    if (!items.every((item) => typeof item === 'string')) throw new StartError(`${where} takes a list of texts.`);
    return items.flatMap((item) => parseValue(where, option, item, false));
  }
  const isNumber = option.kind === 'number' || option.kind === 'whole';
  const kind = option.kind === 'switch' ? 'boolean' : isNumber ? 'number' : 'string';
  if (typeof value !== kind)
    throw new StartError(`${where} takes ${kind === 'boolean' ? 'true or false' : `a ${kind}`}.`);
  return parseValue(where, option, String(value), false);
}

type Mapping = {
  readonly items: readonly {
    readonly key: { readonly value: unknown; readonly range?: readonly number[] };
    readonly value: { toJSON(): unknown } | null;
  }[];
};

/** A YAML mapping with plain keys: the shape that the loop above relies on. */
function isMapping(node: unknown): node is Mapping {
  const { items } = Object(node);
  return (
    Array.isArray(items) && items.every((item) => Object(item).key !== undefined && 'value' in Object(Object(item).key))
  );
}
