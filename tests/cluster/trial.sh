#!/usr/bin/env bash
# What the official image does with the variables that the chart's trial sets.
set -euo pipefail
bin=$(echo /usr/lib/postgresql/*/bin)
if [[ ! -s $PGDATA/PG_VERSION ]]; then
  "$bin/initdb" -D "$PGDATA" -U "$POSTGRES_USER" -E UTF8 --locale=C --auth-local=trust --auth-host=scram-sha-256 --pwfile="$POSTGRES_PASSWORD_FILE"
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  echo "CREATE DATABASE $POSTGRES_DB;" | "$bin/postgres" --single -D "$PGDATA" postgres
fi
exec "$bin/postgres" -D "$PGDATA" -c listen_addresses='*'
