import { looksLikeSecret } from './names.ts';
import { holdsSecretName, holdsSecretText } from './texts.ts';

/**
 * An agent without the credentials grant of an area never sees that area's secrets: values that would let it act as
 * another user. This fails closed. The server withholds what an output declares secret, and every member with the name
 * of a secret, at any depth, even if the catalogue does not know it.
 */

/** The text that replaces a secret. It names the grant that shows the secret. */
export const marker = (area: string): string => `[withheld: needs the grant ${area}:credentials]`;

/** What an output declares about its members, as dotted paths. Array indices are left out. */
export type Declared = {
  readonly secrets: ReadonlySet<string>;
  /** Members that are shown although they, or an enclosing member, have the name of a secret. */
  readonly shown: ReadonlySet<string>;
};

/** Whether a member is a secret by its name and the path before it, which ends with a dot if there is one. */
const secretAt =
  ({ secrets, shown }: Declared) =>
  (name: string, path: string, isWithin: boolean): boolean => {
    // Most names need no look at where they stand.
    if (!isWithin && secrets.size === 0 && !looksLikeSecret(name)) return false;
    const place = path + name;
    return secrets.has(place) || (!shown.has(place) && (isWithin || looksLikeSecret(name)));
  };

/** Whether the member at a dotted path is withheld for any value. */
export function isWithheldAt(path: string, declared: Declared): boolean {
  const isSecretAt = secretAt(declared);
  const names = path.split('.');
  return names.reduce(
    (isSecret, name, index) =>
      isSecretAt(
        name,
        names
          .slice(0, index)
          .map((part) => `${part}.`)
          .join(''),
        isSecret,
      ),
    false,
  );
}

/**
 * Returns a JSON value with each secret replaced by `text`, in values and in names. Does not modify the value.
 */
export function withhold(value: unknown, declared: Declared, text: string): unknown {
  const { secrets, shown } = declared;
  const isSecretAt = secretAt(declared);
  // Most answers hold no secret and need no copy.
  if (!isNested(value) || !holdsSecret(value, isSecretAt, '')) return value;
  const visit = (inner: unknown, path: string, isSecret: boolean): unknown => {
    if (Array.isArray(inner)) return inner.map((element) => visit(element, path, isSecret));
    if (isNested(inner)) {
      let withheld = 0;
      return Object.fromEntries(
        Object.entries(inner).map(([name, member]) => {
          const place = path + name;
          const isMemberSecret = isSecretAt(name, path, isSecret);
          // Under the name of a secret, a name that the declaration does not know may be the secret itself.
          const isKnown = secrets.has(place) || shown.has(place) || looksLikeSecret(name);
          const isNameSecret = (isSecret && !isKnown) || holdsSecretName(name);
          if (isNameSecret) withheld += 1;
          return [isNameSecret ? `withheld_${withheld}` : name, visit(member, `${place}.`, isMemberSecret)];
        }),
      );
    }
    if (inner === null || typeof inner === 'boolean' || inner === '') return inner;
    return isSecret || (typeof inner === 'string' && holdsSecretText(inner)) ? text : inner;
  };
  return visit(value, '', false);
}

function holdsSecret(
  value: object,
  isSecretAt: (name: string, path: string, isWithin: boolean) => boolean,
  path: string,
): boolean {
  if (Array.isArray(value)) {
    return value.some((element) =>
      isNested(element)
        ? holdsSecret(element, isSecretAt, path)
        : typeof element === 'string' && holdsSecretText(element),
    );
  }
  for (const name in value) {
    if (isSecretAt(name, path, false) || holdsSecretName(name)) return true;
    const member: unknown = (value as Record<string, unknown>)[name]; // an object with unknown members
    if (
      typeof member === 'string'
        ? holdsSecretText(member)
        : isNested(member) && holdsSecret(member, isSecretAt, `${path}${name}.`)
    ) {
      return true;
    }
  }
  return false;
}

export const isNested = (value: unknown): value is object => typeof value === 'object' && value !== null;
