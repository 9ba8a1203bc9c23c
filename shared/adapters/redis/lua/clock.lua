-- What every script knows: the time, in milliseconds of Redis's own clock, and which statuses are ends.

local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

local ENDED = {completed = true, incomplete = true, failed = true, cancelled = true}

local function digits(number) return string.format('%.0f', number) end
