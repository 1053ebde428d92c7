import { toIdempotentScript, toScript } from './connect.ts';
import { PRELUDE } from './script.ts';

// KEYS[1] is the prefix. Behind it stand `w:` and a name for an approval, `a:` and its name for the answer, `k:` and its
// name for the digest of an answer that was just kept, `all` for the members (name, caller and bytes of each approval, by
// its end), and `v` for what differs after each change.

/** Characters of names and callers, which are digests. */
const NAME_CHARS = 22;
export const toMember = (name: string, caller: string, bytes: number): string => `${name}${caller}.${bytes}`;

/** Milliseconds for which a change can be told from the one before. */
const VERSION_MS = 2 * 60 * 60_000;
const CHANGED = `redis.call('SET', KEYS[1] .. 'v', ARGV[1], 'PX', ${VERSION_MS})`;

/** Arguments: a new version. */
export const CHANGE = toIdempotentScript(`${CHANGED} return 1`);
export const VERSION = toIdempotentScript("return redis.call('GET', KEYS[1] .. 'v') or ''");

/** Arguments: version, name, caller, approval, its bytes, milliseconds, then the most of a caller, of all, and their bytes. */
export const PUT = toIdempotentScript(`${PRELUDE}
if redis.call('GET', KEYS[1] .. 'w:' .. ARGV[2]) == ARGV[4] then return 1 end
local all, count, own, bytes = KEYS[1] .. 'all', 0, 0, tonumber(ARGV[5])
redis.call('ZREMRANGEBYSCORE', all, '-inf', now)
for _, member in ipairs(redis.call('ZRANGE', all, 0, ARGV[8])) do
  count = count + 1
  bytes = bytes + (tonumber(member:sub(${2 * NAME_CHARS + 2})) or 0)
  if member:sub(${NAME_CHARS + 1}, ${2 * NAME_CHARS}) == ARGV[3] then own = own + 1 end
end
if own >= tonumber(ARGV[7]) or count >= tonumber(ARGV[8]) or bytes > tonumber(ARGV[9]) then return 0 end
if not redis.call('SET', KEYS[1] .. 'w:' .. ARGV[2], ARGV[4], 'NX', 'PX', ARGV[6]) then return 0 end
redis.call('ZADD', all, now + ARGV[6], ARGV[2] .. ARGV[3] .. '.' .. ARGV[5])
keep(all, ARGV[6])
${CHANGED}
return 1`);

/** Arguments: name. Returns the approval and its answer. */
export const READ = toIdempotentScript(`
return { redis.call('GET', KEYS[1] .. 'w:' .. ARGV[1]) or '', redis.call('GET', KEYS[1] .. 'a:' .. ARGV[1]) or '' }`);

/** Arguments: name. Returns whether there is an approval, and its answer. */
export const LOOK = toIdempotentScript(`
return { redis.call('EXISTS', KEYS[1] .. 'w:' .. ARGV[1]), redis.call('GET', KEYS[1] .. 'a:' .. ARGV[1]) or '' }`);

/** Arguments: the most of all. Returns each name with its answer. */
export const LIST = toIdempotentScript(`${PRELUDE}
redis.call('ZREMRANGEBYSCORE', KEYS[1] .. 'all', '-inf', now)
local found = {}
for _, member in ipairs(redis.call('ZRANGE', KEYS[1] .. 'all', 0, ARGV[1] - 1)) do
  local name = member:sub(1, ${NAME_CHARS})
  found[#found + 1] = name
  found[#found + 1] = redis.call('GET', KEYS[1] .. 'a:' .. name) or ''
end
return found`);

/** Arguments: names. Returns the approval of each. */
export const READ_SOME = toIdempotentScript(`
local found = {}
for index, name in ipairs(ARGV) do found[index] = redis.call('GET', KEYS[1] .. 'w:' .. name) or '' end
return found`);

/** Milliseconds after which a script is certainly not run again. */
const REPEATED_MS = 10_000;

/**
 * Arguments: version, name, answer, milliseconds. Only the first answer is kept. Its digest outlasts it for a moment: the
 * call may take the answer before the script is run again.
 */
export const ANSWER = toIdempotentScript(`
local kept, own = KEYS[1] .. 'k:' .. ARGV[2], redis.sha1hex(ARGV[3])
if redis.call('GET', kept) == own then return 1 end
if redis.call('EXISTS', KEYS[1] .. 'w:' .. ARGV[2]) == 0 then return 0 end
if not redis.call('SET', KEYS[1] .. 'a:' .. ARGV[2], ARGV[3], 'NX', 'PX', ARGV[4]) then return 0 end
redis.call('SET', kept, own, 'PX', ${REPEATED_MS})
${CHANGED}
return 1`);

/** Arguments: name, an answer that this deployment did not write. */
export const DROP_ANSWER = toIdempotentScript(`
local key = KEYS[1] .. 'a:' .. ARGV[1]
return redis.call('GET', key) == ARGV[2] and redis.call('DEL', key) or 0`);

/** Arguments: version, name, answer as it was read, member. Not idempotent: an approval is taken once. */
export const TAKE = toScript(`
local waiting, answer = KEYS[1] .. 'w:' .. ARGV[2], KEYS[1] .. 'a:' .. ARGV[2]
if redis.call('GET', answer) ~= ARGV[3] or redis.call('DEL', waiting) == 0 then return 0 end
redis.call('DEL', answer)
redis.call('ZREM', KEYS[1] .. 'all', ARGV[4])
${CHANGED}
return 1`);
