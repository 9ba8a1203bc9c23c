-- Lines of queued jobs, and the doorbells that are rung for them.

local function ring_of(line) return string.format(given.ring_of, line) end
local function queued_in(line) return string.format(given.queued_in, line) end
local function ready_in(line, tenant) return string.format(given.ready_in, line, tenant) end
local function deferred_in(line, tenant) return string.format(given.deferred_in, line, tenant) end

-- The line is kept as long as any job that entered it.
local function add(key, score, member)
  redis.call('ZADD', key, 'NX', digits(score), member)
  local left = redis.call('PTTL', record)
  if redis.call('PTTL', key) < left then redis.call('PEXPIRE', key, digits(left)) end
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

-- After an outage most of what stands in line may be over: so many are passed in one call, for Redis has other work.
local passes_left = 100

-- The job of the line whose turn it is, or nil: tenants take turns. What stands there in vain is taken out.
local function next_in(line)
  while passes_left > 0 do
    passes_left = passes_left - 1
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

-- The doorbell for who must ring himself: into which list, and what. Whoever asks again gets it again, for the
-- first answer may have been lost, and it with it.
local function doorbell() return not given.rings and get('queue') .. '\n' .. get('envelope') or '' end

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
