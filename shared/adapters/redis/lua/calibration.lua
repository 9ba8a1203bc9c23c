-- Adds a report to the evidence about a model: older evidence is worth less with each.
-- KEYS: the evidence. ARGV: time to live in milliseconds, the share that is kept, and what each sum grows by.
-- Returns the sums. Run twice by a retry, it counts a report twice, which does no harm.
local names, new = {}, {}
for index = 3, #ARGV do
  names[#names + 1] = tostring(index - 3)
end
local old = redis.call('HMGET', KEYS[1], unpack(names))
local fields = {}
for index, name in ipairs(names) do
  local sum = (tonumber(old[index] or '0')) * tonumber(ARGV[2]) + tonumber(ARGV[index + 2])
  new[index] = string.format('%.17g', sum)
  fields[#fields + 1] = name
  fields[#fields + 1] = new[index]
end
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return new
