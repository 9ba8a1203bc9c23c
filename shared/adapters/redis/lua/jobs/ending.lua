-- Ends of jobs: all that follows from one is done in the same step.

-- The end is told from this note, whoever dies now. What is soon to be forgotten is told to nobody, nor is a part.
local function note_end(status)
  local tenant = get('tenant')
  if not tenant or get('ended_ttl_ms') or get('parent_record') then return end
  if not given.tells_all and redis.call('EXISTS', string.format(given.webhooks, tenant)) == 0 then return end
  local fact = table.concat({tenant, given.id, status, get('created_at'), digits(now)}, '\n')
  redis.call('ZADD', given.outbox, digits(now), fact)
  redis.call('PEXPIRE', given.outbox, digits(given.ttl_ms))
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
