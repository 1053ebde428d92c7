import { StartError } from '../errors.ts';
import { didYouMean } from '../wording.ts';
import { sectionNames } from './agents-schema.ts';
import { type Given, parseValue } from './option-value.ts';
import { OPTIONS, type Option, optionNames, optionOf } from './options.ts';
import { type Path, parseYaml } from './parse-yaml.ts';
import { secretIn } from './secret-text.ts';

/** What the settings file holds, and on which line each part of it stands. */
export type SettingsFile = {
  readonly value: Readonly<Record<string, unknown>>;
  /** `FILE:LINE` of the key or item at a path, or of the nearest part around it that there is. */
  readonly at: (path: Path) => string;
};

/** What a file may set: all but secrets, which have their own places, and the file itself. */
const settingNames = optionNames.filter((name) => optionOf(name)?.kind !== 'secret' && name !== 'config');

/**
 * Reads the settings file, YAML or JSON: a mapping whose keys are the flags without their dashes, and sections about
 * agents.
 * @param file its name, for messages
 * @throws StartError for what does not parse, an unknown or repeated key, and a secret anywhere in it, comments included
 */
export async function readSettingsFile(text: string, file: string): Promise<SettingsFile> {
  // Before anything of it is quoted.
  refuseSecrets(text, file);
  const { value, at } = await parseYaml(text, file);
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new StartError(`${at([])}: the file must be a mapping of settings to values.`);
  }
  const known: readonly string[] = [...settingNames, ...sectionNames];
  for (const key of Object.keys(value ?? {})) {
    const option = optionOf(key);
    if (option?.kind === 'secret') {
      throw new StartError(`${at([key])}: "${key}" does not belong in a file; set ${option.env}.`);
    }
    if (!known.includes(key)) {
      throw new StartError(`${at([key])}: there is no setting "${key}".${didYouMean(key, known)}`);
    }
  }
  return { value: { ...value }, at };
}

/** The settings of a file, each as its flag would give it. Throws StartError for a value of the wrong kind. */
export function toGiven({ value, at }: SettingsFile): Given {
  const settings = settingNames.filter((name) => Object.hasOwn(value, name));
  return Object.fromEntries(
    settings.map((name) => [name, toTexts(`${at([name])}: ${name}`, OPTIONS[name], value[name])]),
  );
}

function toTexts(where: string, option: Option, value: unknown): readonly string[] {
  if (option.kind === 'list') {
    const items = Array.isArray(value) ? value : [value];
    if (!items.every((item) => typeof item === 'string')) throw new StartError(`${where} takes a list of strings.`);
    return items.flatMap((item) => parseValue(where, option, item));
  }
  const isNumber = option.kind === 'number' || option.kind === 'whole';
  const kind = option.kind === 'switch' ? 'boolean' : isNumber ? 'number' : 'string';
  if (typeof value !== kind)
    throw new StartError(`${where} takes ${kind === 'boolean' ? 'true or false' : `a ${kind}`}.`);
  return parseValue(where, option, String(value));
}

/** A file is copied, committed and shown around more easily than a secret may be. */
function refuseSecrets(text: string, file: string): void {
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    const found = secretIn(line);
    if (found === undefined) continue;
    throw new StartError(
      `${file}:${index + 1}: ${found.what} does not belong in a file: ${found.instead}. Rotate it: treat it as exposed.`,
    );
  }
}
