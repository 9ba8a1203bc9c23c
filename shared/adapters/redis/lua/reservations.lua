-- Keeps or drops the reservation of an idempotency key, unless it is another's by now.
-- KEYS: the reservation. ARGV: what it is to hold, and for how many seconds to keep it from now on; 0 drops it.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
return redis.call('EXPIRE', KEYS[1], ARGV[2])
