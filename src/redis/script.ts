import { createHash } from 'node:crypto';

/**
 * The prefix of all keys of a kind. The braces put them into one hash slot, so that a script may use any of them.
 * @param scope distinguishes environments or deployments; it may be a secret, as Redis gets only its digest
 */
export const toPrefix = (kind: string, scope: string): string => `wmcp:{${digest(scope)}}:${kind}:`;

/** Replaces e-mail addresses, IDs and names, which must not be stored in Redis. */
export const digest = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 22);

/** The beginning of scripts: Redis's clock in milliseconds, and a function that lets a key expire. */
export const PRELUDE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local function keep(key, ms)
  ms = math.ceil(ms) + 1000
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, ms) end
end
`;
