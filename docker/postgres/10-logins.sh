#!/bin/sh
# Runs once, when the database is first made: the owner of the tables and the three logins the service works with.
#
# None of them is a superuser or passes row-level security by; start-up refuses such a login. The passwords are those
# in the URLs that the service reads, so that there is one place for each.
set -eu

password_in() { sed -n 's|^[^:]*://[^:]*:\([^@]*\)@.*$|\1|p' "/run/secrets/$1"; }

psql --quiet --set=ON_ERROR_STOP=1 --username=postgres \
    --set=owner="$(password_in database_owner_url)" \
    --set=app="$(password_in database_app_url)" \
    --set=engine="$(password_in database_engine_url)" \
    --set=intake="$(password_in database_intake_url)" <<'SQL'
CREATE ROLE followup_owner LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'owner';
CREATE ROLE followup_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'app';
CREATE ROLE followup_engine LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'engine';
CREATE ROLE followup_intake LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'intake';
CREATE DATABASE followup OWNER followup_owner ENCODING 'UTF8';
REVOKE ALL ON DATABASE followup FROM PUBLIC;
GRANT CONNECT ON DATABASE followup TO followup_app, followup_engine, followup_intake;
SQL
