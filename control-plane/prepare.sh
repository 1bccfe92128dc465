#!/bin/sh
# Writes the descriptions of all queries to .sqlx, from a database made of the migrations.
# Needs DATABASE_URL to name a Postgres role that may create databases. Run it after changing a
# query or a migration and commit what it writes; with --check it fails when that is out of date.
set -eu
cd "$(dirname "$0")/.."
: "${DATABASE_URL:?must name a Postgres role that may create databases}"
name="signalbox_prepare_$$"
base="${DATABASE_URL%/*}"
scratch="$(mktemp -d)"
psql -q "$DATABASE_URL" -c "CREATE DATABASE $name"
trap 'psql -q "$DATABASE_URL" -c "DROP DATABASE IF EXISTS $name WITH (FORCE)"; rm -rf "$scratch"' EXIT
for migration in migrations/*.sql; do
    psql -q -1 -v ON_ERROR_STOP=1 "$base/$name" -f "$migration"
done
touch control-plane/src/lib.rs
SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$scratch" DATABASE_URL="$base/$name" \
    cargo check -q -p control-plane --all-targets
if [ "${1:-}" = --check ]; then
    diff -r "$scratch" .sqlx
else
    mkdir -p .sqlx
    rm -f .sqlx/query-*.json
    cp "$scratch"/query-*.json .sqlx/
fi
