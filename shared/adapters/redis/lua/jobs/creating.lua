-- The operations that make a record.

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

-- Whether a conversation that is still there is another turn's, or nobody's: what this one came to has no place.
local function lost_conversation()
  if not given.conversation or redis.call('EXISTS', given.conversation) == 0 then return false end
  return redis.call('HGET', given.conversation, 'busy_by') ~= record
end

-- Store what ended without ever being queued: a foreground response.
function operations.store(status)
  if status then return {'exists', status} end
  local came_to_something = given.status == 'completed' or given.status == 'incomplete'
  if came_to_something and lost_conversation() then return {'refused', ''} end
  set('status', given.status, 'attempt', '0', 'events', '0')
  set('created_at', digits(now), 'ended_at', digits(now))
  set_pairs()
  keep_for(given.ttl_ms)
  note_entries()
  return {'stored', given.status}
end
