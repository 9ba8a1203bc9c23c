-- The state machine of a job: the only code that changes a job's status. docs/jobs.md has its table.
--
-- KEYS[1] record (hash)   KEYS[2] events (stream)   KEYS[3] watch (sorted set)   KEYS[4] waiters (set)
-- ARGV[1] operation       ARGV[2] arguments as JSON ARGV[3..] field, value pairs of the record
-- given.rings is true when the broker is this server: the script then pushes the doorbell (`envelope`)
-- into the list named by the record's `queue`; else it hands the doorbell to the caller to ring.
--
-- A job is queued, running, waiting or ended (completed, incomplete, failed, cancelled). `attempt` and
-- `owner` fence: the one grows with every claim, the other is never the same; every write must name both.
-- `lost` counts attempts whose lease ran out.
--
-- A part is a job that summarises one portion of a compaction, its parent. The parent's record holds
-- `parts_left`, the number of those that have not ended, `part:ID` with the key of each one's record, and
-- `kept:NAME`, the summaries that its own attempts and its parts have made.
--
-- A queued job stands in a line: `ready` for each tenant, and `ring`, the tenants that have any, the one served
-- longest ago first. `deferred` are those of a tenant that are not to be tried yet, `queued` all of a line.
-- A doorbell is worth one claim of any job of its queue: which one it is, the lines say.
--
-- Every operation answers two texts: the outcome, and a doorbell or what else there is to say. It may be the
-- repetition of one whose answer was lost: then it changes nothing more.

local record, events, watch, waiters = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local operation, given = ARGV[1], cjson.decode(ARGV[2])

local function get(field) return redis.call('HGET', record, field) or nil end
local function number(field) return tonumber(get(field) or '0') end
local function set(...) redis.call('HSET', record, ...) end

local function set_pairs()
  if #ARGV > 3 then set(unpack(ARGV, 3)) end
end

-- The reconciler is to look after the job this many milliseconds from now, or at its deadline.
local function look_in(wait_ms)
  local deadline = number('deadline')
  if deadline > 0 then wait_ms = math.max(math.min(wait_ms, deadline - now), 0) end
  redis.call('ZADD', watch, digits(now + wait_ms), given.id)
end

-- Do `work` with another job's record in place of the one that was named.
local function on(other, other_id, work)
  local own, own_events, own_id = record, events, given.id
  record, events, given.id = other, other .. ':events', other_id
  local first, second = work()
  record, events, given.id = own, own_events, own_id
  return first, second
end

local function record_of(id) return string.format(given.record, id) end

local function is_living(status) return status and not ENDED[status] end

-- The attempt alone would not do: a server that lost its last second may give the same number again.
local function holds(status)
  return status == 'running' and number('attempt') == given.attempt and get('owner') == given.owner
end

-- Whether the job left this attempt's hands, and nobody has taken it since.
local function given_up(status)
  return (status == 'queued' or status == 'waiting') and number('attempt') == given.attempt
end

local function lease_ran_out() return number('lease_until') <= now end

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

local function keep_for(ms)
  redis.call('PEXPIRE', record, digits(ms))
  redis.call('PEXPIRE', events, digits(ms))
end

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

-- Keys that lead to the record from elsewhere: from what a response put out.
local function note_entries()
  for _, key in ipairs(given.entries) do redis.call('SET', key, given.id, 'PX', digits(given.ttl_ms)) end
end
