// What is written and read in Redis, each step one script, so that nobody sees half of it.
//
//   <prefix>:worker:<instance>  hash  name, epoch, version, info   expires with the lease
//   <prefix>:workers            sorted set of instances, scored by the Redis time of their last
//   beat <prefix>:name:<name>        hash  instance, epoch              expires with the lease
//   <prefix>:news               channel  "news <instance>", "gone <instance>"
//
// All times are Redis's own, so that the clocks of workers and gateways do not matter. An epoch is
// the time, in µs, at which an instance first announced itself: it grows even if Redis is emptied.
// `version` changes with `info`, for readers that know it already.
#pragma once

#include "registry/internal/redis_connection.h"

namespace parley::registry {

// KEYS: own hash, index, name. ARGV: instance, name, epoch (0: new here), lease_ms, channel, what
// hashes begin with, info (empty: as before).
// → ["ok", epoch] · ["again", epoch]: Redis has forgotten the info · ["lost", instance, epoch]: a
// newer instance has the name.
inline const RedisConnection::Script& AnnounceScript() {
  static const RedisConnection::Script script(R"(
local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local epoch = ARGV[3]
if epoch == '0' then epoch = string.format('%.0f', now_us) end
local owner = redis.call('HMGET', KEYS[3], 'instance', 'epoch')
if owner[1] and owner[1] ~= ARGV[1] then
  if tonumber(owner[2]) > tonumber(epoch) then
    redis.call('DEL', KEYS[1])
    if redis.call('ZREM', KEYS[2], ARGV[1]) == 1 then
      redis.call('PUBLISH', ARGV[5], 'gone ' .. ARGV[1])
    end
    return {'lost', owner[1], owner[2]}
  end
  redis.call('DEL', ARGV[6] .. owner[1])
  if redis.call('ZREM', KEYS[2], owner[1]) == 1 then
    redis.call('PUBLISH', ARGV[5], 'gone ' .. owner[1])
  end
end
redis.call('HSET', KEYS[3], 'instance', ARGV[1], 'epoch', epoch)
redis.call('PEXPIRE', KEYS[3], ARGV[4])
if ARGV[7] ~= '' then
  redis.call('HSET', KEYS[1], 'name', ARGV[2], 'epoch', epoch,
             'version', string.format('%.0f', now_us), 'info', ARGV[7])
  redis.call('PUBLISH', ARGV[5], 'news ' .. ARGV[1])
elseif redis.call('EXISTS', KEYS[1]) == 0 then
  return {'again', epoch}
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('ZADD', KEYS[2], string.format('%.0f', math.floor(now_us / 1000)), ARGV[1])
return {'ok', epoch}
)");
  return script;
}

// KEYS: own hash, index, name. ARGV: instance, channel.
inline const RedisConnection::Script& WithdrawScript() {
  static const RedisConnection::Script script(R"(
redis.call('DEL', KEYS[1])
if redis.call('HGET', KEYS[3], 'instance') == ARGV[1] then redis.call('DEL', KEYS[3]) end
if redis.call('ZREM', KEYS[2], ARGV[1]) == 1 then
  redis.call('PUBLISH', ARGV[2], 'gone ' .. ARGV[1])
end
return 'ok'
)");
  return script;
}

// KEYS: index. ARGV: lease_ms, what hashes begin with, then instance and version of what is known.
// → [instance, beat, version, epoch, info (empty: as known)] for each that is alive.
inline const RedisConnection::Script& ReadScript() {
  static const RedisConnection::Script script(R"(
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now_ms - ARGV[1]))
local known = {}
for i = 3, #ARGV, 2 do known[ARGV[i]] = ARGV[i + 1] end
local out = {}
local all = redis.call('ZRANGE', KEYS[1], 0, 999, 'WITHSCORES')
for i = 1, #all, 2 do
  local key = ARGV[2] .. all[i]
  local has = redis.call('HMGET', key, 'version', 'epoch')
  if has[1] then
    local info = ''
    if known[all[i]] ~= has[1] then info = redis.call('HGET', key, 'info') end
    out[#out + 1] = {all[i], all[i + 1], has[1], has[2], info}
  else
    redis.call('ZREM', KEYS[1], all[i])
  end
end
return out
)");
  return script;
}

// The names of the keys, from the prefix of the configuration.
struct Keys {
  explicit Keys(const std::string& prefix)
      : worker(prefix + ":worker:"),
        index(prefix + ":workers"),
        name(prefix + ":name:"),
        channel(prefix + ":news") {}
  std::string worker;
  std::string index;
  std::string name;
  std::string channel;
};

}  // namespace parley::registry
