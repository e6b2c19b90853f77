-- Run once as the administrator of a managed PostgreSQL (RDS, Azure Database, Cloud SQL), connected to the database
-- `postgres`:  psql "$ADMINISTRATOR_URL" -v operator_password="$A" -v server_password="$B" -f roles.sql
-- An administrator who is no superuser may do all of it: CREATEROLE and CREATEDB are enough.
\set ON_ERROR_STOP on

-- Owns the database, makes a schema for each tenant.
CREATE ROLE scim_operator LOGIN PASSWORD :'operator_password';
-- Serves. The operator grants it what it needs, and no more.
CREATE ROLE scim_server LOGIN PASSWORD :'server_password';

-- Only a member of a role may give a database to it. PostgreSQL 16 and later take INHERIT and SET into account.
GRANT scim_operator TO CURRENT_USER;
CREATE DATABASE scim OWNER scim_operator;
-- Nobody else comes in.
REVOKE CONNECT, TEMPORARY ON DATABASE scim FROM PUBLIC;
GRANT CONNECT ON DATABASE scim TO scim_server;
REVOKE scim_operator FROM CURRENT_USER;
