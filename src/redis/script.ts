import { createHash } from 'node:crypto';

/**
 * What keys begin with. The braces put them all into one slot, so that a script may use any of them.
 * @param scope what tells one environment or deployment from another; it may be a secret, only a digest shows
 */
export const toPrefix = (kind: string, scope: string): string => `wmcp:{${digest(scope)}}:${kind}:`;

/** Stands in Redis for e-mail addresses, IDs and names, which have no business there. */
export const digest = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 22);

/** The beginning of every script: one clock for all, in milliseconds, and keys that go away by themselves. */
export const PRELUDE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local function keep(key, ms)
  ms = math.ceil(ms) + 1000
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, ms) end
end
`;
