-- The gate before an upstream, for all processes: how many may ask at a time, and when nobody is to.
--
-- KEYS[1] what is known of it (hash)   KEYS[2] the places taken, by when each is free again (sorted set)
-- ARGV[1] operation                    ARGV[2] arguments as JSON
--
-- `limit` is how many may ask: halved when the provider refuses, one more after as many answers. `paused_until`
-- is what its Retry-After said, as far as it is believed: the more, the more `refusals` came in a row. After
-- `failures` in a row the gate is shut (`shut_until`); then one is let in to try (`trial`), and it opens again or
-- is shut for twice as long. A repetition of a call changes nothing more.

local gate, places = KEYS[1], KEYS[2]
local operation, given = ARGV[1], cjson.decode(ARGV[2])

local function number(field) return tonumber(redis.call('HGET', gate, field) or '0') end
local function set(...) redis.call('HSET', gate, ...) end

local function keep()
  redis.call('PEXPIRE', gate, digits(given.ttl_ms))
  redis.call('PEXPIRE', places, digits(given.ttl_ms))
end

local function limit()
  local known = number('limit')
  return known > 0 and math.min(known, given.most) or given.most
end

local function open() redis.call('HDEL', gate, 'failures', 'failing_since', 'shut_until', 'shut_ms', 'trial') end

local function shut(ms)
  set('shut_until', digits(now + ms), 'shut_ms', digits(ms))
  redis.call('HDEL', gate, 'failures', 'failing_since', 'trial')
end

local function is_on_trial() return redis.call('HGET', gate, 'trial') == given.owner end

local reports = {}

function reports.answered()
  open()
  redis.call('HDEL', gate, 'refusals')
  if given.most == 0 then return end
  local answers = number('answers') + 1
  if limit() < given.most and answers >= limit() then
    set('limit', digits(limit() + 1))
    answers = 0
  end
  set('answers', digits(answers))
end

function reports.limited()
  open()
  -- All that were under way are refused together: that is one refusal.
  local refusals, paused_until = number('refusals'), number('paused_until')
  local together = paused_until > now
  local believed_ms = given.first_pause_ms * 2 ^ (together and math.max(refusals - 1, 0) or refusals)
  -- What was believed in full, and was too short, is no reason to believe more.
  if not together and believed_ms < given.pause_ms then set('refusals', digits(refusals + 1)) end
  set('paused_until', digits(math.max(paused_until, now + math.min(given.pause_ms, believed_ms))))
  if given.most > 0 and now - number('halved_at') >= given.halve_ms then
    set('limit', digits(math.max(math.floor(limit() / 2), 1)), 'halved_at', digits(now), 'answers', '0')
  end
end

function reports.failed()
  if given.most_failures == 0 then return end
  if is_on_trial() then return shut(math.min(number('shut_ms') * 2, given.most_shut_ms)) end
  local failures = number('failures') + 1
  if now - number('failing_since') > given.window_ms then
    failures = 1
    set('failing_since', digits(now))
  end
  set('failures', digits(failures))
  if failures >= given.most_failures and number('shut_until') <= now then shut(given.shut_ms) end
end

-- The provider was not asked to the end, or the fault was the request's.
function reports.unknown()
  if is_on_trial() then redis.call('HDEL', gate, 'trial') end
end

local operations = {}

function operations.enter()
  redis.call('ZREMRANGEBYSCORE', places, '-inf', digits(now))
  if redis.call('ZSCORE', places, given.owner) then return {'in', is_on_trial() and 'trial' or ''} end
  local shut_until, trial = number('shut_until'), redis.call('HGET', gate, 'trial')
  if shut_until > now then return {'shut', digits(shut_until - now)} end
  if shut_until > 0 and trial and redis.call('ZSCORE', places, trial) then return {'shut', '1000'} end
  local pause = number('paused_until') - now
  if pause > 0 then return {'paused', digits(pause)} end
  if given.most > 0 and redis.call('ZCARD', places) >= limit() then return {'full', ''} end
  if shut_until > 0 then set('trial', given.owner) end
  redis.call('ZADD', places, digits(now + given.lease_ms), given.owner)
  keep()
  return {'in', shut_until > 0 and 'trial' or ''}
end

function operations.keep()
  redis.call('ZADD', places, 'XX', digits(now + given.lease_ms), given.owner)
  return {'ok', ''}
end

-- The one on trial has got the beginning of an answer: nobody needs to wait for its end.
function operations.begin()
  if is_on_trial() then open() end
  return {'ok', ''}
end

function operations.leave()
  if redis.call('ZREM', places, given.owner) == 1 then
    reports[given.report]()
    keep()
  end
  local left = number('shut_until') - now
  return {left > 0 and 'shut' or 'left', digits(math.max(left, 0))}
end

-- How things stand: `open`, `shut` or `trial`, how many places are taken, and how many there are.
function operations.state()
  local shut_until = number('shut_until')
  local state = shut_until == 0 and 'open' or shut_until > now and 'shut' or 'trial'
  return {state, digits(redis.call('ZCOUNT', places, digits(now), '+inf')) .. ' ' .. digits(limit())}
end

return operations[operation]()
