-- The state machine of a job: the only code that changes a job's status. docs/jobs.md has its table.
--
-- KEYS[1] record (hash)   KEYS[2] events (stream)   KEYS[3] watch (sorted set)
-- ARGV[1] operation       ARGV[2] arguments as JSON ARGV[3..] field, value pairs of the record
-- given.rings is true when the broker is this server: the script then pushes the doorbell (`envelope`)
-- into the list named by the record's `queue`; else it hands the doorbell to the caller to ring.
--
-- A job is queued, running, waiting or ended (completed, incomplete, failed, cancelled). `attempt` fences:
-- it grows with every claim and every write must name it. `lost` counts attempts whose lease ran out.

local record, events, watch = KEYS[1], KEYS[2], KEYS[3]
local operation, given = ARGV[1], cjson.decode(ARGV[2])
local ENDED = {completed = true, incomplete = true, failed = true, cancelled = true}

local function digits(number) return string.format('%.0f', number) end

local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

local function get(field) return redis.call('HGET', record, field) or nil end
local function number(field) return tonumber(get(field) or '0') end
local function set(...) redis.call('HSET', record, ...) end

local function set_pairs()
  for i = 3, #ARGV, 2 do redis.call('HSET', record, ARGV[i], ARGV[i + 1]) end
end

-- Put the doorbell into the queue, or hand it to the caller when the broker is elsewhere.
local function ring()
  set('rung_at', digits(now), 'rings', digits(number('rings') + 1))
  local envelope = get('envelope')
  if not given.rings then return envelope end
  redis.call('LPUSH', get('queue'), envelope)
  return ''
end

local function requeue()
  set('status', 'queued', 'woken', '0', 'rings', '0')
  redis.call('HDEL', record, 'owner', 'lease_until', 'waits_for')
  return ring()
end

local function finish_as(status)
  set('status', status, 'ended_at', digits(now))
  redis.call('HDEL', record, 'owner', 'lease_until', 'waits_for', 'envelope', 'woken')
  if status == 'failed' and get('failed_ttl_ms') then
    redis.call('PEXPIRE', record, get('failed_ttl_ms'))
  end
  redis.call('PUBLISH', given.channel, given.id)
end

local function fail(code, message)
  set('error_code', code, 'error_message', message)
  finish_as('failed')
end

local function deadline_passed()
  local deadline = number('deadline')
  return deadline > 0 and deadline <= now
end

local function lease_ran_out() return number('lease_until') <= now end

-- Count the lost attempt; end the job when it has used up its attempts. True when it ended.
local function lose_attempt()
  local lost = number('lost') + 1
  set('lost', digits(lost))
  if lost >= given.max_attempts then
    fail('server_error', 'The job was given up: its worker was lost ' .. digits(lost) .. ' times.')
    return true
  end
  return false
end

local function timed_out()
  if not deadline_passed() then return false end
  fail('server_error', 'The job did not finish before its deadline.')
  return true
end

local function holds(status) return status == 'running' and number('attempt') == given.attempt end

-- An event's place in the stream is its sequence number plus one: Redis has no entry 0-0.
local function append_events(first)
  for i, event in ipairs(given.events) do
    redis.call('XADD', events, digits(first + i) .. '-0', 'e', event)
  end
  set('events', digits(first + #given.events))
  redis.call('PEXPIRE', events, given.ttl_ms)
end

local operations = {}

function operations.create(status)
  if status then
    if get('nonce') == given.nonce then return {'created', ''} end
    return {'exists', status}
  end
  if given.rings and given.max_queued > 0 then
    local length = redis.call('LLEN', given.queue)
    if length >= given.max_queued then return {'full', digits(length)} end
  end
  set('status', 'queued', 'attempt', '0', 'lost', '0', 'rings', '0', 'events', '0', 'nonce', given.nonce)
  set('created_at', digits(now), 'queue', given.queue)
  if given.deadline_ms > 0 then set('deadline', digits(now + given.deadline_ms)) end
  set_pairs()
  if #given.events > 0 then append_events(0) end
  redis.call('PEXPIRE', record, given.ttl_ms)
  redis.call('ZADD', watch, digits(now + given.patience_ms), given.id)
  return {'created', ring()}
end

-- Store what ended without ever being queued: a foreground response.
function operations.store(status)
  if status then return {get('nonce') == given.nonce and 'stored' or 'exists', status} end
  set('status', given.status, 'attempt', '0', 'nonce', given.nonce, 'events', '0')
  set('created_at', digits(now), 'ended_at', digits(now))
  set_pairs()
  redis.call('PEXPIRE', record, given.ttl_ms)
  return {'stored', given.status}
end

function operations.claim(status)
  if not status then return {'gone', ''} end
  if ENDED[status] then return {'ended', status} end
  if status == 'waiting' then return {'waiting', get('waits_for')} end
  if status == 'running' then
    if get('owner') == given.owner then return {'claimed', get('attempt')} end
    if not lease_ran_out() then return {'held', digits(number('lease_until') - now)} end
    if lose_attempt() then return {'ended', 'failed'} end
  end
  if timed_out() then return {'ended', 'failed'} end
  local attempt = digits(number('attempt') + 1)
  set('status', 'running', 'attempt', attempt, 'owner', given.owner, 'woken', '0')
  set('lease_until', digits(now + given.lease_ms))
  return {'claimed', attempt}
end

function operations.renew(status)
  if not holds(status) then return {'lost', status or 'gone'} end
  if timed_out() then return {'lost', 'failed'} end
  set('lease_until', digits(now + given.lease_ms))
  return {'ok', ''}
end

-- Append events from number `first` on; a repeated call with the same numbers changes nothing.
function operations.emit(status)
  if not holds(status) then return {'lost', status or 'gone'} end
  local length = number('events')
  if given.first < length then return {'ok', digits(length)} end
  if given.first > length then return {'gap', digits(length)} end
  append_events(given.first)
  return {'ok', digits(number('events'))}
end

-- Keep a checkpoint of the work (a chunk's summary) under a field of the record; the first one wins.
function operations.checkpoint(status)
  if not holds(status) then return {'lost', status or 'gone'} end
  redis.call('HSETNX', record, ARGV[3], ARGV[4])
  return {'ok', ''}
end

function operations.finish(status)
  if not holds(status) then
    if status and number('ended_by') == given.attempt then return {'ok', status} end
    return {'lost', status or 'gone'}
  end
  set_pairs()
  set('ended_by', digits(given.attempt))
  for _, field in ipairs(given.drops) do redis.call('HDEL', record, field) end
  redis.call('PEXPIRE', record, given.ttl_ms)
  if given.drops_events then redis.call('DEL', events) end
  finish_as(given.status)
  return {'ok', given.status}
end

function operations.release(status)
  if not holds(status) then return {'lost', status or 'gone'} end
  return {'queued', requeue()}
end

-- Wait for another job without holding a worker, unless that job's news came first.
function operations.park(status)
  if not holds(status) then return {'lost', status or 'gone'} end
  if get('woken') == '1' then return {'queued', requeue()} end
  set('status', 'waiting', 'waits_for', given.waits_for)
  redis.call('HDEL', record, 'owner', 'lease_until')
  return {'waiting', ''}
end

function operations.wake(status)
  if status == 'waiting' then return {'queued', requeue()} end
  if status == 'running' then set('woken', '1') end
  return {status or 'gone', ''}
end

function operations.cancel(status)
  if not status then return {'gone', ''} end
  if ENDED[status] then return {'ended', status} end
  finish_as('cancelled')
  return {'cancelled', ''}
end

function operations.delete(status)
  if not status then return {'gone', ''} end
  if not ENDED[status] then return {'busy', status} end
  redis.call('DEL', record, events)
  return {'deleted', ''}
end

-- Look after a job that may have been dropped. Answers what was done, when to look again (ms from now,
-- -1: never), and the doorbell where the caller must ring.
function operations.look(status)
  if not status or ENDED[status] then return {'gone', '-1', ''} end
  if timed_out() then return {'ended', '-1', ''} end
  if status == 'waiting' then return {'waiting', digits(given.patience_ms), get('waits_for')} end
  if status == 'running' then
    if not lease_ran_out() then return {'running', digits(number('lease_until') - now), ''} end
    if lose_attempt() then return {'ended', '-1', ''} end
    return {'taken', digits(given.patience_ms), requeue()}
  end
  -- A doorbell may be in a long queue rather than lost: ring again at once only into an empty queue.
  local patience = given.patience_ms * 2 ^ (math.min(number('rings'), 6) - 1)
  if given.queue_depth > 0 then patience = patience * 16 end
  local silence = now - number('rung_at')
  if silence < patience then return {'queued', digits(patience - silence), ''} end
  return {'rung', digits(given.patience_ms), ring()}
end

local status = redis.call('HGET', record, 'status')
return operations[operation](status or nil)
