#!/usr/bin/env bash
# Run once by the postgres image, on a new volume: the owner, the application's role, the database.
set -euo pipefail
: "${STEPWELL_OWNER_PASSWORD:?}" "${STEPWELL_APP_PASSWORD:?}"
psql -Xq -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv owner STEPWELL_OWNER_PASSWORD
\getenv application STEPWELL_APP_PASSWORD
CREATE ROLE stepwell_owner LOGIN CREATEROLE PASSWORD :'owner';
CREATE ROLE stepwell_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'application';
GRANT stepwell_app TO stepwell_owner WITH ADMIN OPTION;
CREATE DATABASE stepwell OWNER stepwell_owner TEMPLATE template0;
REVOKE CONNECT, TEMPORARY ON DATABASE stepwell FROM PUBLIC;
GRANT CONNECT ON DATABASE stepwell TO stepwell_app;
SQL
