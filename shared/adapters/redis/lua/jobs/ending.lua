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
