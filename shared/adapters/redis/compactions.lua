-- What is kept of compactions beside their jobs: which ones a tenant has, and which of them were undone.
--
-- ARGV[1] operation   ARGV[2] arguments as JSON
-- note: KEYS[1] index (sorted set of ids by when they were first asked for, in milliseconds)
-- undo: KEYS[1] record (hash)
--
-- Repeating an operation changes nothing more.

local key, operation, given = KEYS[1], ARGV[1], cjson.decode(ARGV[2])

local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

local function digits(number) return string.format('%.0f', number) end

local operations = {}

function operations.note()
  redis.call('ZADD', key, 'NX', digits(now), given.id)
  redis.call('ZREMRANGEBYRANK', key, 0, digits(-given.most - 1))
  redis.call('PEXPIRE', key, digits(given.ttl_ms))
  return 'ok'
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

return operations[operation]()
