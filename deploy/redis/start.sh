#!/bin/sh
# Starts Redis for Parley: in memory only, reached by the one user "parley", who has just the rights
# that docs/workers.md lists (and +ping, for health checks). The password is the first line of the file
# $REDIS_PASSWORD_FILE; Redis gets its hash, on standard input.
set -eu
password=$(head -n 1 "${REDIS_PASSWORD_FILE:-/run/secrets/redis_password}")
[ -n "$password" ] || { echo "start.sh: the password is empty" >&2; exit 2; }
hash=$(printf %s "$password" | sha256sum | cut -d ' ' -f 1)
exec redis-server - <<CONFIG
port 6379
protected-mode no
save ""
appendonly no
maxmemory 128mb
maxmemory-policy noeviction
user default off
user parley on #$hash resetchannels ~parley:* &parley:* -@all +evalsha +eval +time +hset +hget +hmget +del +exists +pexpire +zadd +zrem +zrange +zremrangebyscore +publish +subscribe +ping
CONFIG
