-- The state machine of a job: the only code that changes a job's status. docs/jobs.md has its table.
--
-- KEYS[1] record (hash)   KEYS[2] events (stream)   KEYS[3] watch (sorted set)   KEYS[4] waiters (set)
-- ARGV[1] operation       ARGV[2] arguments as JSON ARGV[3..] field, value pairs of the record
-- given.rings is true when the broker is this server: the script then pushes the doorbell (`envelope`)
-- into the list named by the record's `queue`; else it hands the doorbell to the caller to ring.
--
-- A job is queued, running, waiting or ended (completed, incomplete, failed, cancelled). `attempt` and
-- `owner` fence: the one grows with every claim, the other is never the same; every write must name both.
-- `lost` counts attempts whose lease ran out.
--
-- A part is a job that summarises one portion of a compaction, its parent. The parent's record holds
-- `parts_left`, the number of those that have not ended, `part:ID` with the key of each one's record, and
-- `kept:NAME`, the summaries that its own attempts and its parts have made.
--
-- A queued job stands in a line: `ready` for each tenant, and `ring`, the tenants that have any, the one served
-- longest ago first. `deferred` are those of a tenant that are not to be tried yet, `queued` all of a line.
-- A doorbell is worth one claim of any job of its queue: which one it is, the lines say.
--
-- Every operation answers two texts: the outcome, and a doorbell or what else there is to say. It may be the
-- repetition of one whose answer was lost: then it changes nothing more.

local record, events, watch, waiters = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local operation, given = ARGV[1], cjson.decode(ARGV[2])
local ENDED = {completed = true, incomplete = true, failed = true, cancelled = true}

local function digits(number) return string.format('%.0f', number) end

local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

local function get(field) return redis.call('HGET', record, field) or nil end
local function number(field) return tonumber(get(field) or '0') end
local function set(...) redis.call('HSET', record, ...) end

local function set_pairs()
  if #ARGV > 3 then set(unpack(ARGV, 3)) end
end

-- The reconciler is to look after the job this many milliseconds from now, or at its deadline.
local function look_in(wait_ms)
  local deadline = number('deadline')
  if deadline > 0 then wait_ms = math.max(math.min(wait_ms, deadline - now), 0) end
  redis.call('ZADD', watch, digits(now + wait_ms), given.id)
end

-- Do `work` with another job's record in place of the one that was named.
local function on(other, other_id, work)
  local own, own_events, own_id = record, events, given.id
  record, events, given.id = other, other .. ':events', other_id
  local first, second = work()
  record, events, given.id = own, own_events, own_id
  return first, second
end

local function record_of(id) return string.format(given.record, id) end

local function ring_of(line) return given.line .. 'ring:' .. line end
local function queued_in(line) return given.line .. 'queued:' .. line end
local function ready_in(line, tenant) return given.line .. 'ready:' .. line .. ':' .. tenant end
local function deferred_in(line, tenant) return given.line .. 'deferred:' .. line .. ':' .. tenant end

-- The line keeps no longer than the job that entered it last.
local function add(key, score, member)
  redis.call('ZADD', key, 'NX', digits(score), member)
  local left = redis.call('PTTL', record)
  if left > 0 then redis.call('PEXPIRE', key, digits(left)) end
end

-- In whose name the job stands in line: a part in that of its compaction's tenant.
local function tenant_of() return get('stands_for') or get('tenant') or '' end

-- Stand in line by the time of creation, or from which on to try again. Repeating it does no harm.
local function enter_line()
  local line, tenant = get('queue'), tenant_of()
  local since = math.max(number('created_at'), number('not_before')) * 1000
  if get('attempt') == '0' then since = since + tonumber(clock[2]) % 1000 end
  redis.call('ZREM', deferred_in(line, tenant), given.id)
  add(queued_in(line), now, given.id)
  add(ready_in(line, tenant), since, given.id)
  -- Behind the tenants that have waited: who comes back each time with one job is no faster than they.
  add(ring_of(line), now * 1000 + tonumber(clock[2]) % 1000, tenant)
end

local function is_in_line() return redis.call('ZSCORE', ready_in(get('queue'), tenant_of()), given.id) end

local function leave_line()
  local line, tenant = get('queue'), tenant_of()
  if not line then return end
  local ready = ready_in(line, tenant)
  redis.call('ZREM', queued_in(line), given.id)
  redis.call('ZREM', deferred_in(line, tenant), given.id)
  if redis.call('ZREM', ready, given.id) == 1 and redis.call('EXISTS', ready) == 0 then
    redis.call('ZREM', ring_of(line), tenant)
  end
end

-- Leave the line until the time has come. It counts as queued, unless its kind is admitted by another measure.
local function stand_aside()
  local line, tenant = get('queue'), tenant_of()
  if given.defers_uncounted then return end
  add(queued_in(line), now, given.id)
  add(deferred_in(line, tenant), now, given.id)
end

local function keep_for(ms)
  redis.call('PEXPIRE', record, digits(ms))
  redis.call('PEXPIRE', events, digits(ms))
end

-- The doorbell for who must ring himself and asks again: the first answer may have been lost, and it with it.
local function doorbell() return not given.rings and get('envelope') or '' end

-- Put the doorbell into the queue, or hand it to the caller when the broker is elsewhere.
local function ring()
  look_in(given.patience_ms)
  enter_line()
  set('rung_at', digits(now), 'rings', digits(number('rings') + 1))
  if given.rings then redis.call('LPUSH', get('queue'), get('envelope')) end
  return doorbell()
end

local function requeue()
  set('status', 'queued', 'rings', '0')
  redis.call('HDEL', record, 'owner', 'lease_until', 'waits_for')
  return ring()
end

-- The end is told from this note, whoever dies now. What is soon to be forgotten is told to nobody, nor is a part.
local function note_end(status)
  local tenant = get('tenant')
  if not tenant or get('ended_ttl_ms') or get('parent_record') then return end
  if not given.tells_all and redis.call('EXISTS', string.format(given.webhooks, tenant)) == 0 then return end
  local fact = table.concat({tenant, given.id, status, get('created_at'), digits(now)}, '\n')
  redis.call('ZADD', given.outbox, digits(now), fact)
  redis.call('PEXPIRE', given.outbox, digits(given.ttl_ms))
end

-- Do `work` with the record of each part that the job ever had.
local function on_each_part(work)
  for _, field in ipairs(redis.call('HKEYS', record)) do
    local id = string.match(field, '^part:(.*)')
    if id then on(get(field), id, work) end
  end
end

local function is_living(status) return status and not ENDED[status] end

-- A part has ended: keep its summary with the parent, and wake that with the last one. Answers the doorbell.
local function tell_parent()
  local parent, summary, field = get('parent_record'), get('summary'), 'kept:' .. (get('name') or '')
  if not parent then return '' end
  redis.call('HDEL', record, 'portion', 'summary')
  return (on(parent, get('parent'), function()
    if not is_living(get('status')) then return '' end
    if summary then redis.call('HSETNX', record, field, summary) end
    set('parts_left', digits(number('parts_left') - 1))
    if number('parts_left') > 0 or get('status') ~= 'waiting' then return '' end
    return requeue()
  end))
end

-- What was made on the way to an ending goes with it: kept summaries, and parts in whatever state.
local function forget_parts()
  on_each_part(function()
    if get('status') == 'running' then redis.call('PUBLISH', given.channel, given.id) end
    leave_line()
    redis.call('DEL', record)
    redis.call('ZREM', watch, given.id)
  end)
  for _, field in ipairs(redis.call('HKEYS', record)) do
    if string.find(field, '^kept:') or string.find(field, '^part') then redis.call('HDEL', record, field) end
  end
end

-- Answers the doorbell of a parent that was woken by it.
local function finish_as(status)
  if get('status') == 'queued' then leave_line() end
  set('status', status, 'ended_at', digits(now))
  redis.call('HDEL', record, 'owner', 'lease_until', 'waits_for', 'envelope', 'woken')
  keep_for(tonumber(status ~= 'completed' and get('failed_ttl_ms') or get('ended_ttl_ms') or given.ttl_ms))
  redis.call('ZREM', watch, given.id)
  redis.call('HINCRBY', given.counters, string.match(given.id, '^%a+') .. ':' .. status, 1)
  redis.call('PEXPIRE', given.counters, digits(given.ttl_ms))
  redis.call('PUBLISH', given.channel, given.id)
  note_end(status)
  forget_parts()
  return tell_parent()
end

local function fail(code, message)
  set('error_code', code, 'error_message', message)
  finish_as('failed')
end

local function deadline_passed()
  local deadline = number('deadline')
  return deadline > 0 and deadline <= now
end

-- How long a deferred job is still to be left alone, in milliseconds; never beyond its deadline.
local function deferred_for()
  local till, deadline = number('not_before'), number('deadline')
  if deadline > 0 then till = math.min(till, deadline) end
  return till - now
end

local function lease_ran_out() return number('lease_until') <= now end

-- Count the lost attempt; end the job when it has used up its attempts. True when it ended.
local function lose_attempt()
  local lost = number('lost') + 1
  set('lost', digits(lost))
  if lost >= tonumber(get('most_lost') or given.max_attempts) then
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

-- The attempt alone would not do: a server that lost its last second may give the same number again.
local function holds(status)
  return status == 'running' and number('attempt') == given.attempt and get('owner') == given.owner
end

-- Whether the job left this attempt's hands, and nobody has taken it since.
local function given_up(status)
  return (status == 'queued' or status == 'waiting') and number('attempt') == given.attempt
end

-- Append what is new of the events from number `first` on, which must not lie behind the log's end.
-- An event's place in the stream is its sequence number plus one: Redis has no entry 0-0.
local function append_events(first)
  local length = number('events')
  for i = length - first + 1, #given.events do
    redis.call('XADD', events, digits(first + i) .. '-0', 'e', given.events[i])
  end
  set('events', digits(math.max(length, first + #given.events)))
  local left = redis.call('PTTL', record)
  if left > 0 then redis.call('PEXPIRE', events, digits(left)) end
end

-- Be counted by the parent, and take its place in line and its deadline.
local function join_parent()
  local own, id = record, given.id
  local queue, deadline = on(given.parent_record, given.parent, function()
    set('part:' .. id, own, 'parts_left', digits(number('parts_left') + 1))
    return get('queue'), number('deadline')
  end)
  set('stands_for', (on(given.parent_record, given.parent, tenant_of)))
  set('queue', queue, 'parent', given.parent, 'parent_record', given.parent_record)
  if deadline > 0 then set('deadline', digits(deadline)) end
  given.deadline_ms = math.max(deadline - now, 0)
end

-- The doorbell of a parent that this part may have woken, for who must ring himself and asks again.
local function parents_doorbell()
  local parent = get('parent_record')
  if not parent then return '' end
  return (on(parent, get('parent'), function() return get('status') == 'queued' and doorbell() or '' end))
end

local function holds_parent()
  return (on(given.parent_record, given.parent, function() return holds(get('status')) end))
end

-- Claims are counted in spans of ten seconds, so that who is refused can be told when to come back.
local SPAN_MS = 10000

local function note_claim(line)
  local span = math.floor(now / SPAN_MS)
  local last = tonumber(redis.call('HGET', given.pace, line .. ':span') or '0')
  if span ~= last then
    local count = span == last + 1 and redis.call('HGET', given.pace, line .. ':count') or '0'
    redis.call('HSET', given.pace, line .. ':span', digits(span), line .. ':before', count, line .. ':count', '0')
  end
  redis.call('HINCRBY', given.pace, line .. ':count', 1)
  redis.call('PEXPIRE', given.pace, digits(given.ttl_ms))
end

-- In how many seconds so many jobs will have been claimed, as fast as it went of late.
local function seconds_for(jobs, line)
  local span = math.floor(now / SPAN_MS)
  local known = redis.call('HMGET', given.pace, line .. ':span', line .. ':count', line .. ':before')
  local age, count = span - tonumber(known[1] or '0'), 0
  if age == 0 then count = tonumber(known[2]) + tonumber(known[3]) end
  if age == 1 then count = tonumber(known[2]) end
  if count == 0 then return given.most_seconds end
  local seconds = math.ceil(jobs * (SPAN_MS + now % SPAN_MS) / 1000 / count)
  return math.max(1, math.min(seconds, given.most_seconds))
end

-- Why there is no room for one more in the line, and how long until half of what is in the way is gone.
local function no_room()
  local line, tenant = given.queue, given.tenant
  local all = redis.call('ZCARD', queued_in(line))
  if all >= given.max_queued then
    return {'full', digits(all) .. ' ' .. digits(seconds_for(all / 2, line))}
  end
  local own = redis.call('ZCARD', ready_in(line, tenant)) + redis.call('ZCARD', deferred_in(line, tenant))
  if own >= given.max_queued_per_tenant then
    local others = math.max(redis.call('ZCARD', ring_of(line)), 1)
    return {'full_of_own', digits(own) .. ' ' .. digits(seconds_for(own * others / 2, line))}
  end
end

local operations = {}

function operations.create(status)
  if status then
    if get('nonce') == given.nonce then return {'created', doorbell()} end
    return {'exists', status}
  end
  -- A turn of a conversation has just taken it, in the same transaction, or was refused.
  if given.conversation and redis.call('HGET', given.conversation, 'busy_by') ~= record then
    return {'refused', ''}
  end
  if given.parent and not holds_parent() then return {'lost', ''} end
  -- The parts of a job were admitted with it.
  local refusal = not given.parent and no_room()
  if refusal then return refusal end
  set('status', 'queued', 'attempt', '0', 'lost', '0', 'rings', '0', 'events', '0', 'nonce', given.nonce)
  set('created_at', digits(now), 'queue', given.queue)
  if given.deadline_ms > 0 then set('deadline', digits(now + given.deadline_ms)) end
  if given.conversation then set('position', redis.call('HGET', given.conversation, 'next')) end
  set_pairs()
  if given.parent then join_parent() end
  -- It ends by its deadline, and is then kept for its time: no job may expire before it has ended.
  keep_for(given.deadline_ms + given.ttl_ms)
  if #given.events > 0 then append_events(0) end
  return {'created', ring()}
end

-- Store what ended without ever being queued: a foreground response.
function operations.store(status)
  if status then return {'exists', status} end
  set('status', given.status, 'attempt', '0', 'events', '0')
  set('created_at', digits(now), 'ended_at', digits(now))
  set_pairs()
  keep_for(given.ttl_ms)
  return {'stored', given.status}
end

-- The job of the line whose turn it is, or nil: tenants take turns. What stands there in vain is taken out.
local function next_in(line)
  while true do
    local tenant = redis.call('ZRANGE', ring_of(line), 0, 0)[1]
    if not tenant then return nil end
    local ready = ready_in(line, tenant)
    local id = redis.call('ZRANGE', ready, 0, 0)[1]
    if not id then
      redis.call('ZREM', ring_of(line), tenant)
    else
      local stands = on(record_of(id), id, function() return get('status') == 'queued' and get('queue') == line end)
      if stands then
        redis.call('ZADD', ring_of(line), 'XX', digits(now * 1000 + tonumber(clock[2]) % 1000), tenant)
        return id
      end
      redis.call('ZREM', ready, id)
      redis.call('ZREM', queued_in(line), id)
    end
  end
end

local function take()
  if timed_out() then return nil end
  leave_line()
  note_claim(get('queue'))
  local attempt = digits(number('attempt') + 1)
  set('status', 'running', 'attempt', attempt, 'owner', given.owner, 'woken', '0')
  set('lease_until', digits(now + given.lease_ms))
  look_in(given.lease_ms)
  return attempt .. ' ' .. given.id
end

-- Take the next job of the doorbell's queue: of the line of those that somebody waits for, then of the other.
local function take_next()
  for _, line in ipairs(given.lines) do
    local id = next_in(line)
    while id do
      local taken = on(record_of(id), id, take)
      if taken then return taken, id end
      id = next_in(line)
    end
  end
end

-- What this owner has claimed already, when it asks again: the job that was named, or the one in its place.
local function claimed_before(status)
  local id = status == 'running' and get('owner') == given.owner and given.id
  id = id or redis.call('GET', given.claimed)
  if not id then return nil end
  return (on(record_of(id), id, function()
    return get('status') == 'running' and get('owner') == given.owner and get('attempt') .. ' ' .. id
  end))
end

-- Why the job that was named may not be claimed.
local function unclaimed()
  local status = get('status')
  if not status then return {'gone', ''} end
  if ENDED[status] then return {'ended', status} end
  if status == 'waiting' then return {'waiting', get('waits_for')} end
  if status == 'running' then return {'held', digits(number('lease_until') - now)} end
  return {'deferred', ''}
end

function operations.claim(status)
  local before = claimed_before(status)
  if before then return {'claimed', before} end
  local was_lost = status == 'running' and lease_ran_out() and not lose_attempt()
  if was_lost then
    set('status', 'queued', 'rings', '0')
    redis.call('HDEL', record, 'owner', 'lease_until')
  end
  if get('status') == 'queued' and deferred_for() <= 0 and not is_in_line() then enter_line() end
  local taken, id = take_next()
  -- The doorbell was spent on another job: this one needs one of its own, which only now is known.
  local doorbell_of_lost = was_lost and id ~= given.id and get('status') == 'queued' and ring() or ''
  if not taken then return unclaimed() end
  if id ~= given.id then redis.call('SET', given.claimed, id, 'PX', digits(given.lease_ms)) end
  return {'claimed', taken .. ' ' .. doorbell_of_lost}
end

function operations.renew(status)
  -- Who has ended it himself has lost nothing: what follows from the end is still to be done.
  if status and ENDED[status] and get('ended_by') == given.owner then return {'ok', status} end
  if not holds(status) then return {'lost', status or 'gone'} end
  if timed_out() then return {'lost', 'failed'} end
  set('lease_until', digits(now + given.lease_ms))
  return {'ok', ''}
end

-- Append events from number `first` on; those that are there already are not told twice.
function operations.emit(status)
  if not holds(status) then return {'lost', status or 'gone'} end
  local length = number('events')
  if given.first > length then return {'gap', digits(length)} end
  append_events(given.first)
  redis.call('PUBLISH', given.told, given.id)
  return {'ok', ''}
end

-- Keep a checkpoint of the work (a chunk's summary) under a field of the record; the first one wins.
function operations.checkpoint(status)
  if not holds(status) then return {'lost', status or 'gone'} end
  redis.call('HSETNX', record, ARGV[3], ARGV[4])
  return {'ok', ''}
end

function operations.finish(status)
  if not holds(status) then
    if get('ended_by') == given.owner then return {'ok', parents_doorbell()} end
    return {'lost', status or 'gone'}
  end
  if #given.events > 0 then
    if given.first > number('events') then return {'gap', digits(number('events'))} end
    append_events(given.first)
  end
  set_pairs()
  set('ended_by', given.owner)
  for _, field in ipairs(given.drops) do redis.call('HDEL', record, field) end
  if given.drops_events then redis.call('DEL', events) end
  return {'ok', finish_as(given.status)}
end

function operations.release(status)
  if given_up(status) then return {status, doorbell()} end
  if not holds(status) then return {'lost', status or 'gone'} end
  return {'queued', requeue()}
end

-- Try again later: nobody is rung for until then, when the reconciler looks.
function operations.defer(status)
  if given_up(status) then return {status, ''} end
  if not holds(status) then return {'lost', status or 'gone'} end
  set_pairs()
  set('status', 'queued', 'rings', '0', 'not_before', digits(now + given.delay_ms))
  redis.call('HDEL', record, 'owner', 'lease_until')
  stand_aside()
  redis.call('HINCRBY', given.counters, string.match(given.id, '^%a+') .. ':deferred', 1)
  redis.call('PEXPIRE', given.counters, digits(given.ttl_ms))
  look_in(deferred_for())
  return {'deferred', ''}
end

-- Wait for another job without holding a worker, unless that job's news came first.
function operations.park(status)
  if given_up(status) then return {status, doorbell()} end
  if not holds(status) then return {'lost', status or 'gone'} end
  local parts_are_done = given.waits_for == given.id and number('parts_left') == 0
  if get('woken') == '1' or parts_are_done then return {'queued', requeue()} end
  set('status', 'waiting', 'waits_for', given.waits_for)
  redis.call('HDEL', record, 'owner', 'lease_until')
  look_in(given.patience_ms)
  return {'waiting', ''}
end

function operations.wake(status)
  if status == 'waiting' then return {'queued', requeue()} end
  if status == 'running' then set('woken', '1') end
  return {status or 'gone', status == 'queued' and doorbell() or ''}
end

-- Somebody waits now for a job that could wait: it moves to the front queue, and so do its parts.
function operations.hurry(status)
  if not is_living(status) or get('queue') == given.queue then return {status or 'gone', ''} end
  leave_line()
  set('queue', given.queue)
  -- Where the broker is elsewhere, nobody would ring for them.
  if given.rings then on_each_part(function() operations.hurry(get('status')) end) end
  return {status, status == 'queued' and ring() or ''}
end

function operations.cancel(status)
  if not status then return {'gone', ''} end
  if status == 'cancelled' then return {'cancelled', ''} end
  if ENDED[status] then return {'ended', status} end
  finish_as('cancelled')
  return {'cancelled', ''}
end

function operations.delete(status)
  if not status then return {'gone', ''} end
  if not ENDED[status] then return {'busy', status} end
  redis.call('DEL', record, events, waiters)
  return {'deleted', ''}
end

-- Look after a job that may have been dropped, and say when to look again.
function operations.look(status)
  if not status or ENDED[status] then
    redis.call('ZREM', watch, given.id)
    return {'gone', ''}
  end
  if timed_out() then return {'ended', ''} end
  if status == 'waiting' then
    look_in(given.patience_ms)
    return {'waiting', get('waits_for')}
  end
  if status == 'running' then
    if lease_ran_out() then
      if lose_attempt() then return {'ended', ''} end
      return {'taken', requeue()}
    end
    look_in(number('lease_until') - now)
    return {'running', ''}
  end
  if deferred_for() > 0 then
    look_in(deferred_for())
    return {'queued', ''}
  end
  -- Only one that was deferred has no doorbell out.
  if number('rings') == 0 then return {'rung', ring()} end
  -- A doorbell may be in a long queue rather than lost: ring again soon only into an empty queue.
  local patience = given.patience_ms * 2 ^ (math.min(number('rings'), 6) - 1)
  if given.queue_depth > 0 then patience = patience * 16 end
  local silence = now - number('rung_at')
  if silence >= patience then return {'rung', ring()} end
  look_in(patience - silence)
  return {'queued', ''}
end

local status = redis.call('HGET', record, 'status')
return operations[operation](status or nil)
