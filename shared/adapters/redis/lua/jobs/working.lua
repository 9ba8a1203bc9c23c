-- The operations of who holds a job's lease.

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
  note_entries()
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
