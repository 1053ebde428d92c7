import { toScript } from './connect.ts';
import { PRELUDE } from './script.ts';

/**
 * Keys, each after the prefix. W stands for a limit's name and the window's key:
 *
 *   W          sorted set: place → when it is free. In flight: the lease's end; answered: one window after the answer.
 *   W:pause    exists while a 429 closes the window
 *   W:line     sorted set: `server call since` → until when a place is reserved for it; only the oldest call per server
 *   NAME:keys  sorted set: the keys of the limit's windows → when they are empty again
 *
 * The script tells a denied server when to retry, and reserves a place for it until shortly after. So no server
 * starves: the one that waits longest is denied only for places that are really taken, and these become free.
 */

/**
 * Takes a place in every window, or in none.
 *
 * Arguments: ID of the place, server, since when the call waits ('' at first), milliseconds that a reservation outlasts
 * the time to retry, milliseconds that the call can take at most; then for each slot name, key, requests, milliseconds.
 * @returns nothing, or the index of the denied slot, milliseconds until the next attempt, and since when the call waits
 */
export const ACQUIRE = toScript(`${PRELUDE}
local prefix, id, server = KEYS[1], ARGV[1], ARGV[2]
local since, grace, lease = tonumber(ARGV[3]) or now, tonumber(ARGV[4]), tonumber(ARGV[5])
-- The lines read so far, and those in which an older call already represents this server.
local lines, represented = {}, {}

local function windowOf(name, key) return prefix .. name .. ':' .. key end

-- Milliseconds until the given windows together may have room; 0 if they have. The windows are that of one key, or
-- that of a key and that of all keys.
local function roomIn(name, keys, requests, span)
  local used, opens, change, reserved, servers = 0, 0, now + span, 0, {}
  local lapse = math.huge
  for _, key in ipairs(keys) do
    local window = windowOf(name, key)
    local line = window .. ':line'
    redis.call('ZREMRANGEBYSCORE', window, '-inf', now)
    redis.call('ZREMRANGEBYSCORE', line, '-inf', now)
    used = used + redis.call('ZCARD', window)
    opens = math.max(opens, redis.call('PTTL', window .. ':pause'))
    local first = redis.call('ZRANGE', window, 0, 0, 'WITHSCORES')
    -- A place in flight becomes free no earlier than one window from now, even if its lease ends earlier.
    if first[2] then change = math.min(change, tonumber(first[2])) end
    lines[line] = true
    local waiting = redis.call('ZRANGE', line, 0, -1, 'WITHSCORES')
    for index = 1, #waiting, 2 do
      local other, call, at = waiting[index]:match('^(%S+) (%S+) (%S+)$')
      at = tonumber(at)
      local isOlder = at < since or (at == since and call < id)
      if other == server and isOlder then represented[line] = true end
      -- A call that needs a place in the windows of all keys gets no reservation in windows with room before one span.
      if other ~= server and isOlder and (key ~= '*' or at + span <= now) then
        if not servers[other] then reserved = reserved + 1 end
        servers[other] = true
        lapse = math.min(lapse, tonumber(waiting[index + 1]))
      end
    end
  end
  if opens > 0 then return opens end
  if used + reserved < requests then return 0 end
  if used < requests then change = math.min(change, lapse) end
  return math.max(1, math.ceil(change - now))
end

local denied, wait, where = 0, 0, nil
local function check(slot, name, keys, requests, span)
  local ms = roomIn(name, keys, requests, span)
  if ms > wait then denied, wait, where = slot, ms, windowOf(name, keys[1]) end
end

local slots = {}
for index = 6, #ARGV, 4 do
  local slot = { name = ARGV[index], key = ARGV[index + 1] }
  slot.requests, slot.span = tonumber(ARGV[index + 2]), tonumber(ARGV[index + 3])
  slot.keys = prefix .. slot.name .. ':keys'
  slots[#slots + 1] = slot
  if slot.key == '' then
    check(#slots, slot.name, { '' }, slot.requests, slot.span)
  elseif slot.key ~= '*' then
    check(#slots, slot.name, { slot.key, '*' }, slot.requests, slot.span)
  else
    redis.call('ZREMRANGEBYSCORE', slot.keys, '-inf', now)
    check(#slots, slot.name, { '*' }, slot.requests, slot.span)
    for _, key in ipairs(redis.call('ZRANGE', slot.keys, 0, -1)) do
      check(#slots, slot.name, { key, '*' }, slot.requests, slot.span)
    end
  end
end

local member = server .. ' ' .. id .. ' ' .. string.format('%.3f', since)
if wait > 0 then
  local function reserve(window)
    local line = window .. ':line'
    if represented[line] then return end
    redis.call('ZADD', line, now + wait + grace, member)
    keep(line, wait + grace)
  end
  reserve(where)
  for _, slot in ipairs(slots) do
    if slot.key == '*' or since + slot.span <= now then reserve(windowOf(slot.name, slot.key)) end
  end
  return { denied - 1, wait, string.format('%.3f', since) }
end

for line in pairs(lines) do redis.call('ZREM', line, member) end
for _, slot in ipairs(slots) do
  local window, ms = windowOf(slot.name, slot.key), lease + slot.span
  redis.call('ZADD', window, now + ms, id)
  keep(window, ms)
  if slot.key ~= '' and slot.key ~= '*' then
    redis.call('ZADD', slot.keys, math.max(now + ms, tonumber(redis.call('ZSCORE', slot.keys, slot.key) or 0)), slot.key)
    keep(slot.keys, ms)
  end
end
return {}`);

/**
 * Sets when a place becomes free. It also adds a place that Redis does not know.
 *
 * Arguments: ID of the place, milliseconds that a 429 closes the last window; then for each slot name, key,
 * milliseconds until the place is free, 0 if it is free immediately.
 */
export const SETTLE = toScript(`${PRELUDE}
local id, pause, window = ARGV[1], tonumber(ARGV[2]), nil
for index = 3, #ARGV, 3 do
  local name, key, ms = ARGV[index], ARGV[index + 1], tonumber(ARGV[index + 2])
  window = KEYS[1] .. name .. ':' .. key
  if ms <= 0 then
    redis.call('ZREM', window, id)
  else
    redis.call('ZADD', window, now + ms, id)
    keep(window, ms)
  end
  local keys = KEYS[1] .. name .. ':keys'
  ms = math.max(ms, pause)
  if key ~= '' and key ~= '*' and ms > 0 then
    redis.call('ZADD', keys, math.max(now + ms, tonumber(redis.call('ZSCORE', keys, key) or 0)), key)
    keep(keys, ms)
  end
end
if pause > math.max(0, redis.call('PTTL', window .. ':pause')) then redis.call('SET', window .. ':pause', '1', 'PX', math.ceil(pause)) end
return 1`);
