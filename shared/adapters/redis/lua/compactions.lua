-- What is kept of compactions beside their jobs: which ones a tenant has, which of
-- them were undone, and whether those that were made ahead came in time.
--
-- ARGV[1] operation   ARGV[2] arguments as JSON
-- settle: KEYS[1] record (hash)
-- note: KEYS[1] index (sorted set of ids by when they were first asked for, in milliseconds)
-- note_ahead: KEYS[1] those that were made ahead (sorted set as above); answers ids that are `old_ms` old
-- undo: KEYS[1] record (hash)
--
-- Repeating an operation changes nothing more.

local key, operation, given = KEYS[1], ARGV[1], cjson.decode(ARGV[2])

local operations = {}

function operations.note()
  redis.call('ZADD', key, 'NX', digits(now), given.id)
  redis.call('ZREMRANGEBYRANK', key, 0, digits(-given.most - 1))
  redis.call('PEXPIRE', key, digits(given.ttl_ms))
  return 'ok'
end

function operations.note_ahead()
  redis.call('ZADD', key, 'NX', digits(now), given.id)
  redis.call('PEXPIRE', key, digits(given.ttl_ms))
  return redis.call('ZRANGEBYSCORE', key, '-inf', digits(now - given.old_ms), 'LIMIT', 0, given.most)
end

-- The record stays for whoever still has its item: it must be known as undone as long as that can come back.
function operations.undo()
  if redis.call('HGET', key, 'tenant') ~= given.tenant then return 'unknown' end
  local status = redis.call('HGET', key, 'status')
  if status ~= 'completed' then return status end
  redis.call('HSETNX', key, 'undone', digits(now))
  if redis.call('PTTL', key) < given.ttl_ms then redis.call('PEXPIRE', key, digits(given.ttl_ms)) end
  return 'undone'
end

local function count(name, by)
  redis.call('HINCRBY', given.counters, name, digits(by))
  redis.call('PEXPIRE', given.counters, digits(given.ttl_ms))
end

-- What a compaction that nobody has used has cost: one that is being made has sent its history by now.
local function spent(status)
  local is_asked = given.asks and (status == 'running' or status == 'waiting')
  return tonumber(redis.call('HGET', key, is_asked and 'tokens' or 'spent') or '0')
end

-- Outcomes of those that nobody used: whoever does so after all has the last word.
local FOR_NOBODY = {superseded = true, unused = true}

-- Note whether one that was made ahead came in time; the first turn that uses it says so. Answers that it is to be
-- cancelled of one that is to be given up and that nobody waits for.
function operations.settle()
  local status, before = redis.call('HGET', key, 'status'), redis.call('HGET', key, 'outcome')
  if redis.call('HGET', key, 'ahead') ~= '1' then return 'not ahead' end
  local for_nobody = FOR_NOBODY[given.outcome]
  local may_change = not before or FOR_NOBODY[before] and (before == given.outcome or not for_nobody)
  if not may_change then return before end
  local hurried = redis.call('HGET', key, 'queue') == given.hurried
  if before ~= given.outcome then
    redis.call('HSET', key, 'outcome', given.outcome)
    count('ahead:' .. given.outcome, 1)
    if for_nobody and not hurried then
      redis.call('HSET', key, 'in_vain', digits(spent(status)))
      count('ahead_tokens:in_vain', spent(status))
    end
  end
  if for_nobody then
    return status and not ENDED[status] and not hurried and 'to cancel' or given.outcome
  end
  redis.call('HSET', key, 'used_at', digits(now))
  redis.call('HDEL', key, 'in_vain')
  return 'used'
end

return operations[operation]()
