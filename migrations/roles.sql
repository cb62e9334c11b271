-- The two roles that use Bookline's database. `deno task migrate --roles` makes or updates them; grants.sql says what they may do with
-- the tables. Two settings hold the verifiers of the roles' passwords.

do $$
declare
  role record;
begin
  for role in
    values
      ('bookline_writer', current_setting('bookline.writer_verifier')),
      ('grafana_reader', current_setting('bookline.reader_verifier'))
  loop
    if to_regrole(role.column1) is null then
      execute format('create role %I', role.column1);
    end if;
    execute format('alter role %I login password %L', role.column1, role.column2);
    execute format('grant connect on database %I to %I', current_database(), role.column1);
  end loop;

  -- The consumers stage rows in a temporary table.
  execute format('grant temporary on database %I to bookline_writer', current_database());

  execute format('alter role grafana_reader in database %I set default_transaction_read_only = on', current_database());
  execute format('alter role grafana_reader in database %I set statement_timeout = %L', current_database(), '30s');
  -- A transaction that stays open would block the making and dropping of partitions.
  execute format(
    'alter role grafana_reader in database %I set idle_in_transaction_session_timeout = %L', current_database(), '60s');
end
$$;
