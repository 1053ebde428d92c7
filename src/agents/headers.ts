import { allowOnly } from '../access/grants.ts';
import { decide, narrow, type Policy } from '../access/policy.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { StartError } from '../errors.ts';
import { didYouMean } from '../wording.ts';

/** Headers in the form of `request.headersDistinct`: names in lower case, repeated values as a list. */
export type DistinctHeaders = Readonly<Record<string, readonly string[] | undefined>>;

export type NarrowedPolicy =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly status: 400; readonly message: string };

/** What the names of the headers that narrow begin with. */
export const HEADER_PREFIX = 'x-workos-mcp-';
const ALLOW = `${HEADER_PREFIX}allow`;
const READ_ONLY = `${HEADER_PREFIX}read-only`;
const MAX_HEADER_CHARS = 2_000;

/**
 * Narrows the agent's policy to what the headers of a request allow. `X-WorkOS-MCP-Allow` takes grants,
 * `X-WorkOS-MCP-Read-Only` takes true or false. Neither can add access. A malformed, misspelt or repeated header is
 * refused: ignoring it would give more access than the client asked for.
 */
export function narrowByHeaders(catalog: Catalog, policy: Policy, headers: DistinctHeaders): NarrowedPolicy {
  const refuse = (message: string): NarrowedPolicy => ({ ok: false, status: 400, message });
  const given: Record<string, string> = {};
  for (const [name, values = []] of Object.entries(headers)) {
    if (!name.startsWith(HEADER_PREFIX)) continue;
    if (name !== ALLOW && name !== READ_ONLY) {
      return refuse(`There is no header ${name}.${didYouMean(name, [ALLOW, READ_ONLY])}`);
    }
    const [value, ...more] = values;
    if (value === undefined) continue;
    if (more.length > 0) return refuse(`${name} is given more than once.`);
    if (value.length > MAX_HEADER_CHARS) return refuse(`${name} is longer than ${MAX_HEADER_CHARS} characters.`);
    given[name] = value.trim();
  }

  let narrowed = policy;
  const readOnly = given[READ_ONLY]?.toLowerCase();
  if (readOnly !== undefined) {
    if (!['true', '1', 'false', '0'].includes(readOnly)) return refuse(`${READ_ONLY} takes true or false.`);
    const everything = { ...allowOnly(['*:full', '*:credentials']), readOnly: true };
    if (readOnly === 'true' || readOnly === '1') {
      narrowed = narrow(narrowed, decide(catalog, everything), `${READ_ONLY} keeps it off`);
    }
  }
  const allow = given[ALLOW];
  if (allow !== undefined) {
    const grants = allow.split(',').map((grant) => grant.trim());
    if (grants.includes('')) return refuse(`${ALLOW} has an empty item.`);
    try {
      narrowed = narrow(narrowed, decide(catalog, allowOnly(grants)), `${ALLOW} keeps it off`);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      return refuse(error.message.replace(/^--allow/, ALLOW));
    }
  }
  return { ok: true, policy: narrowed };
}
