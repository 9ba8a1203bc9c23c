-- Parts of a job, and their parent.

-- Do `work` with the record of each part that the job ever had.
local function on_each_part(work)
  for _, field in ipairs(redis.call('HKEYS', record)) do
    local id = string.match(field, '^part:(.*)')
    if id then on(get(field), id, work) end
  end
end

local function holds_parent()
  return (on(given.parent_record, given.parent, function() return holds(get('status')) end))
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

-- The doorbell of a parent that this part may have woken, for who must ring himself and asks again.
local function parents_doorbell()
  local parent = get('parent_record')
  if not parent then return '' end
  return (on(parent, get('parent'), function() return get('status') == 'queued' and doorbell() or '' end))
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
