import { memoizeByName } from '../../memo.ts';

/** Header fields as in RFC 9110: names in any case, whitespace around separators, quoted strings. */

const TOKEN = "[!#$%&'*+.^_`|~\\w-]+";
const QUOTED = '"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t \\x21-\\x7e\\x80-\\xff])*"';

/** Characters of the longest field that is parsed. */
const MAX_FIELD_CHARS = 1_000;

export type MediaType = {
  /** `type/subtype`, in lower case. */
  readonly essence: string;
  /** By lower-case name. */
  readonly parameters: ReadonlyMap<string, string>;
};

const MEDIA_TYPE = new RegExp(`^(${TOKEN}/${TOKEN})((?:[\\t ]*;(?:[\\t ]*${TOKEN}=(?:${TOKEN}|${QUOTED}))?)*)[\\t ]*$`);
const PARAMETER = new RegExp(`(${TOKEN})=(${TOKEN}|${QUOTED})`, 'g');

/**
 * Parses a Content-Type, or one member of Accept; `undefined` if it is not a media type. Clients send the same few fields
 * with each request.
 */
export const toMediaType = memoizeByName((field: string): MediaType | undefined => {
  if (field.length > MAX_FIELD_CHARS) return undefined;
  const [, essence, rest = ''] = MEDIA_TYPE.exec(field.trim()) ?? [];
  if (essence === undefined) return undefined;
  const parameters = [...rest.matchAll(PARAMETER)].map(
    ([, name = '', value = '']) => [name.toLowerCase(), unquote(value)] as const,
  );
  return { essence: essence.toLowerCase(), parameters: new Map(parameters) };
});

const unquote = (value: string) => (value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value);

const MEMBER = new RegExp(`(?:[^",]|${QUOTED})+`, 'g');

/** The members of a list field, without empty ones. */
export const toList = (field: string): readonly string[] =>
  (field.slice(0, MAX_FIELD_CHARS).match(MEMBER) ?? [])
    .map((member) => member.trim())
    .filter((member) => member !== '');

/** Whether an Accept field accepts a media type, by the most specific matching range. A missing field accepts all. */
export const isAccepted = (accept: string | undefined, type: string): boolean =>
  accept === undefined || acceptedIn(accept)(type);

const acceptedIn = memoizeByName((accept: string) => {
  const ranges = toList(accept).flatMap((member) => toMediaType(member) ?? []);
  return memoizeByName((type) => {
    const [kind] = type.split('/');
    const fitting = [type, `${kind}/*`, '*/*'].flatMap(
      (range) => ranges.find(({ essence }) => essence === range) ?? [],
    );
    return Number(fitting[0]?.parameters.get('q') ?? Number(fitting.length > 0)) > 0;
  });
});
