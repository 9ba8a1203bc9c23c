-- A tenant's webhook endpoints, each a JSON text: one is put in place of what its writer has read.
--
-- KEYS[1] endpoints (hash by id)   KEYS[2] tenants that have some (set)
-- ARGV[1] id   ARGV[2] what was read, empty for nothing   ARGV[3] what is to be   ARGV[4] tenant
-- ARGV[5] how many there may be   ARGV[6] how long they live, in milliseconds
--
-- Repeating it changes nothing more.

local found = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if found == ARGV[3] then return 'put' end
if found ~= ARGV[2] then return 'changed' end
if found == '' and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[5]) then return 'full' end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
redis.call('SADD', KEYS[2], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[6])
return 'put'
