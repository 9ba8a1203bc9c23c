-- How fast jobs are claimed, and whether there is room for more.

-- Claims are counted in spans of ten seconds, so that who is refused can be told when to come back.
local SPAN_MS = 10000

local function note_claim(line)
  local span = math.floor(now / SPAN_MS)
  local last = tonumber(redis.call('HGET', given.pace, line .. ':span') or '0')
  if span ~= last then
    local count = span == last + 1 and redis.call('HGET', given.pace, line .. ':count') or '0'
    redis.call('HSET', given.pace, line .. ':span', digits(span), line .. ':before', count, line .. ':count', '0')
  end
  redis.call('HINCRBY', given.pace, line .. ':count', 1)
  redis.call('PEXPIRE', given.pace, digits(given.ttl_ms))
end

-- In how many seconds so many jobs will have been claimed, as fast as it went of late.
local function seconds_for(jobs, line)
  local span = math.floor(now / SPAN_MS)
  local known = redis.call('HMGET', given.pace, line .. ':span', line .. ':count', line .. ':before')
  local age, count = span - tonumber(known[1] or '0'), 0
  if age == 0 then count = tonumber(known[2]) + tonumber(known[3]) end
  if age == 1 then count = tonumber(known[2]) end
  if count == 0 then return given.most_seconds end
  local seconds = math.ceil(jobs * (SPAN_MS + now % SPAN_MS) / 1000 / count)
  return math.max(1, math.min(seconds, given.most_seconds))
end

-- Why there is no room for one more in the line, and how long until half of what is in the way is gone.
local function no_room()
  local line, tenant = given.queue, given.tenant
  local all = redis.call('ZCARD', queued_in(line))
  if all >= given.max_queued then
    return {'full', digits(all) .. ' ' .. digits(seconds_for(all / 2, line))}
  end
  local own = redis.call('ZCARD', ready_in(line, tenant)) + redis.call('ZCARD', deferred_in(line, tenant))
  if own >= given.max_queued_per_tenant then
    local others = math.max(redis.call('ZCARD', ring_of(line)), 1)
    return {'full_of_own', digits(own) .. ' ' .. digits(seconds_for(own * others / 2, line))}
  end
end
