-- The operation that takes a job: whose turn it is.

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
  if not taken then return passes_left == 0 and {'again', doorbell_of_lost} or unclaimed() end
  if id ~= given.id then redis.call('SET', given.claimed, id, 'PX', digits(given.lease_ms)) end
  return {'claimed', taken .. ' ' .. doorbell_of_lost}
end
