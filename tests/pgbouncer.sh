#!/usr/bin/env bash
# Runs a command with TEST_DATABASE_URL leading through PgBouncer in transaction mode:
#
#   cargo run -p control-plane -- with-postgres -- tests/pgbouncer.sh cargo test -p store
#
# PGBOUNCER is the program, 1.21 or later; else the one of the PATH. On an older Debian, a newer one can be unpacked with its
# libraries (apt-get download, dpkg-deb -x) and run by its own ld.so: PGBOUNCER="…/ld-linux-x86-64.so.2 --library-path …/lib …/pgbouncer".
#
# Three tests failed there when it was last run: audit::what_servers_write_is_noticed (PostgreSQL tells late of what a session wrote that
# does not end), derivation::a_new_tenant_is_noted_and_nobody_looks_at_its_rows_again (it looks at sessions in pg_stat_activity) and
# neighbours::slow_statements_of_one_tenant_do_not_keep_another_from_being_served (a tenant's share is one of a server's
# connections, and PgBouncer has fewer).
set -euo pipefail

: "${TEST_DATABASE_URL:?run it by: cargo run -p control-plane -- with-postgres -- tests/pgbouncer.sh COMMAND}"
read -ra pgbouncer <<<"${PGBOUNCER:-pgbouncer}"
port=${PGBOUNCER_PORT:-16432}

[[ $TEST_DATABASE_URL =~ ^postgres(ql)?://([^:]+):([^@]+)@([^:/]+):([0-9]+)/(.*)$ ]] ||
  { echo "TEST_DATABASE_URL is not of the form postgres://user:password@host:port/database" >&2; exit 1; }
user=${BASH_REMATCH[2]} password=${BASH_REMATCH[3]} host=${BASH_REMATCH[4]} upstream=${BASH_REMATCH[5]} database=${BASH_REMATCH[6]}

state=$(mktemp -d)
cat >"$state/userlist.txt" <<EOF
"$user" "$password"
EOF
# Tests make roles and databases: PgBouncer asks PostgreSQL for passwords, and takes every database.
cat >"$state/pgbouncer.ini" <<EOF
[databases]
* = host=$host port=$upstream

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $state/userlist.txt
auth_user = $user
auth_dbname = $database
auth_query = SELECT usename, passwd FROM pg_shadow WHERE usename = \$1
pool_mode = transaction
max_prepared_statements = 250
; What the administrator of the tests sends; operator and servers do not.
ignore_startup_parameters = extra_float_digits
default_pool_size = 8
max_client_conn = 500
server_idle_timeout = 5
EOF
# PgBouncer does not run as root.
as=()
if [[ $(id -u) == 0 ]]; then
  chown -R nobody "$state"
  as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
fi
"${as[@]}" "${pgbouncer[@]}" --quiet "$state/pgbouncer.ini" &
process=$!
trap 'kill "$process" 2>/dev/null || true; wait "$process" 2>/dev/null || true; rm -rf "$state"' EXIT
for _ in {1..50}; do
  (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
  sleep 0.1
done
kill -0 "$process" || { echo "PgBouncer does not run" >&2; exit 1; }

TEST_DATABASE_URL=postgres://$user:$password@127.0.0.1:$port/$database "$@"
