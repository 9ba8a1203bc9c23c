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
