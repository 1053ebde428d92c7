/** Secrets, in any place. Paths and longer words that only contain such letters are not secrets. */
const SECRETS: readonly (readonly [pattern: RegExp, what: string, instead: string])[] = [
  [
    /(?<![\w./-])sk_\w{6,}(?!\w*[./])/,
    'a WorkOS API key',
    'name the variable (api-key-env) or the file (api-key-file) that holds it',
  ],
  [
    /(?<!\w)wmcp_[a-z0-9]+_[\w-]{16,}/,
    "an agent's token",
    'the file holds only the ID:SHA256 that "workos-mcp agent add" writes',
  ],
  [
    /(?<!\w)eyJ[\w-]{8,}\.[\w-]{8,}\./,
    'a signed token',
    'name the claims that such a token must have in a jwt section',
  ],
];

/** The kind of secret that stands in a text, and where such a secret belongs. `undefined` if the text has none. */
export function secretIn(text: string): { readonly what: string; readonly instead: string } | undefined {
  const [, what, instead] = SECRETS.find(([pattern]) => pattern.test(text)) ?? [];
  return what === undefined || instead === undefined ? undefined : { what, instead };
}
