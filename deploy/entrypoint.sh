#!/bin/sh
# Start a command in the container. A server that was given no token makes one, once, and says where it lies.
set -eu
if [ "${1-} ${2-}" = "shoal serve" ] && [ -z "${SHOAL_SERVER_TOKEN-}" ]; then
  token=$SHOAL_HOME/server-token
  if [ ! -s "$token" ]; then
    (umask 077 && python -c 'import secrets; print("shoal_" + secrets.token_urlsafe(32))' >"$token.new")
    mv "$token.new" "$token"
    echo "A server token was made: $token" >&2
    echo "Read it with: docker exec $(hostname) cat $token" >&2
  fi
  export SHOAL_SERVER_TOKEN="@$token"
fi
# Cluserve's files, when they are mounted: the server reads `configs/` below the folder it is started in.
mounted=${CLUSERVE_MOUNT:-/etc/shoal}
if [ "${1-} ${2-}" = "shoal serve" ] && [ -d "$mounted/configs" ]; then
  cd "$mounted"
fi
exec "$@"
