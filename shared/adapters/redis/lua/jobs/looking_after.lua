-- The operations of those who do not hold the lease.

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
  on_each_part(function() operations.hurry(get('status')) end)
  if status ~= 'queued' then return {status, ''} end
  if given.rings or not get('parent_record') then return {status, ring()} end
  -- Where the broker is elsewhere nobody rings for a part: the doorbell that it has is worth a claim in any line.
  enter_line()
  return {status, ''}
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

-- So many looks on the way would keep a reconciler from jobs that are lost.
local LONG_QUEUE = 1000

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
  local silence = now - number('rung_at')
  local most = given.queue_depth > 0 and patience * 16 or patience
  if silence >= most then return {'rung', ring()} end
  local left = most - silence
  -- A queue that is not long may be empty soon: a few looks on the way, each after twice as long a silence.
  if given.queue_depth < LONG_QUEUE then left = math.min(left, math.max(silence, patience)) end
  look_in(left)
  return {'queued', ''}
end
