-- A conversation: the only code that changes its items, and that says whose turn it is. See docs/jobs.md.
--
-- KEYS[1] record (hash)   KEYS[2] items (sorted set of ids by position)   KEYS[3] bodies (hash by id)
-- KEYS[4] windows (sorted set): the items that supersede all before them, by position
-- ARGV[1] operation       ARGV[2] arguments as JSON                       ARGV[3..] item id, body pairs
--
-- A turn holds the conversation by the key of its response's record, `busy_by`. A recorded response holds it
-- until it has ended, however it ends; one that is not recorded yet, until `busy_until`. So no lock can stick:
-- nobody has to release it, though who ends a turn does.
--
-- Every operation answers a list: the outcome, and what there is to say. Repeating one changes nothing more.

local record, items, bodies, windows = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local operation, given = ARGV[1], cjson.decode(ARGV[2])
local MANY = 1000 -- as many values as one call may well carry

local function get(field) return redis.call('HGET', record, field) or nil end
local function set(...) redis.call('HSET', record, ...) end

-- Let all of it live for so long at least.
local function keep_for(ms)
  for _, key in ipairs(KEYS) do
    if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, digits(ms)) end
  end
end

local function is_busy()
  local holder = get('busy_by')
  if not holder or holder == given.holder then return false end
  local status = redis.call('HGET', holder, 'status')
  if status then return not ENDED[status] end
  return tonumber(get('busy_until')) > now
end

-- A turn had it live as long as the turn may run: from now on it is kept for its time again, and no longer.
local function let_go()
  if get('busy_by') ~= given.holder then return end
  redis.call('HDEL', record, 'busy_by', 'busy_until')
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, digits(given.ttl_ms)) end
end

-- The first of these ids that is there already, or that is given twice.
local function duplicate(ids)
  local seen = {}
  for _, id in ipairs(ids) do
    if seen[id] or redis.call('HEXISTS', bodies, id) == 1 then return id end
    seen[id] = true
  end
end

local function given_ids()
  local ids = {}
  for i = 3, #ARGV, 2 do ids[#ids + 1] = ARGV[i] end
  return ids
end

local function append()
  local place, starts = tonumber(get('next')), {}
  for _, id in ipairs(given.windows) do starts[id] = true end
  for i = 3, #ARGV, 2 do
    redis.call('ZADD', items, digits(place), ARGV[i])
    redis.call('HSET', bodies, ARGV[i], ARGV[i + 1])
    if starts[ARGV[i]] then redis.call('ZADD', windows, digits(place), ARGV[i]) end
    place = place + 1
  end
  set('next', digits(place))
end

-- Those of these items that are there, after `ok`.
local function with_bodies(ids)
  local answer = {'ok'}
  for first = 1, #ids, MANY do
    local last = math.min(first + MANY - 1, #ids)
    for _, body in ipairs(redis.call('HMGET', bodies, unpack(ids, first, last))) do
      if body then answer[#answer + 1] = body end
    end
  end
  return answer
end

local operations = {}

function operations.create()
  if get('nonce') == given.nonce then return {'ok'} end
  local id = duplicate(given_ids())
  if id then return {'duplicate', id} end
  set('tenant', given.tenant, 'nonce', given.nonce, 'next', '0')
  set('created_at', given.created_at, 'metadata', given.metadata)
  append()
  keep_for(given.ttl_ms)
  return {'ok'}
end

function operations.load()
  return {'ok', get('created_at'), get('metadata')}
end

function operations.update()
  set('metadata', given.metadata)
  keep_for(given.ttl_ms)
  return operations.load()
end

function operations.delete()
  redis.call('DEL', record, items, bodies, windows)
  return {'ok'}
end

-- Append what a client brings. The nonce tells a call that is repeated from one that brings the same again.
function operations.add()
  if get('nonce') == given.nonce then return {'ok'} end
  if is_busy() then return {'locked'} end
  local id = duplicate(given_ids())
  if id then return {'duplicate', id} end
  append()
  set('nonce', given.nonce)
  keep_for(given.ttl_ms)
  return {'ok'}
end

-- Without its compaction a window begins at the one before, whose items are all still there.
function operations.remove()
  if is_busy() then return {'locked'} end
  redis.call('ZREM', items, given.item)
  redis.call('HDEL', bodies, given.item)
  redis.call('ZREM', windows, given.item)
  return operations.load()
end

function operations.find()
  return with_bodies(given.wanted)
end

function operations.window()
  local last = given.before and '(' .. digits(given.before) or '+inf'
  local most = #given.without + 1
  local starts = redis.call('ZREVRANGEBYSCORE', windows, last, '-inf', 'WITHSCORES', 'LIMIT', 0, most)
  local skipped, i = {}, 1
  for _, id in ipairs(given.without) do skipped[id] = true end
  while skipped[starts[i]] do i = i + 2 end
  keep_for(given.ttl_ms)
  return with_bodies(redis.call('ZRANGEBYSCORE', items, starts[i + 1] or '-inf', last))
end

-- One item more than the page shows, so that its reader knows whether there are more.
function operations.page()
  local edge
  if given.after then
    edge = redis.call('ZSCORE', items, given.after)
    if not edge then return {'ok', 'unknown'} end
    edge = '(' .. edge
  end
  if given.ascending then
    return with_bodies(redis.call('ZRANGEBYSCORE', items, edge or '-inf', '+inf', 'LIMIT', 0, given.limit + 1))
  end
  return with_bodies(redis.call('ZREVRANGEBYSCORE', items, edge or '+inf', '-inf', 'LIMIT', 0, given.limit + 1))
end

-- Take the conversation for a turn that brings items with these ids.
function operations.lock()
  if redis.call('EXISTS', given.holder) == 1 then return {'ok'} end -- the turn is recorded: asked again
  if is_busy() then return {'locked'} end
  if get('busy_by') ~= given.holder then
    local id = duplicate(given.brings)
    if id then return {'duplicate', id} end
  end
  set('busy_by', given.holder, 'busy_until', digits(now + given.lease_ms))
  keep_for(given.ttl_ms)
  return {'ok'}
end

function operations.renew()
  if get('busy_by') ~= given.holder then return {'locked'} end
  set('busy_until', digits(now + given.lease_ms))
  return {'ok'}
end

function operations.release()
  let_go()
  return {'ok'}
end

-- In one transaction with the end of a response: what it came to is appended, once, and the next may come.
function operations.settle()
  local status = redis.call('HGET', given.holder, 'status')
  if not ENDED[status] then return {'unended'} end
  local came_to_something = status == 'completed' or status == 'incomplete'
  if came_to_something and redis.call('HSETNX', given.holder, 'appended', '1') == 1 then
    redis.call('HSET', given.holder, 'position', get('next'))
    append()
    keep_for(given.ttl_ms)
  end
  let_go()
  return {'ok'}
end

if operation ~= 'create' and get('tenant') ~= given.tenant then return {'missing'} end
return operations[operation]()
