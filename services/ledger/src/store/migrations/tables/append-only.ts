/**
 * Append-only by the database. ENABLE ALWAYS: also for a session with `session_replication_role = replica`. It guards
 * against mistakes and against the runtime role; the tables' owner can still drop a trigger, which the hash chain then
 * shows.
 */
export const appendOnly: readonly string[] = [
  `CREATE FUNCTION ledger.refuse_rewriting() RETURNS trigger
     LANGUAGE plpgsql SET search_path = pg_catalog AS $$
      BEGIN
        RAISE EXCEPTION '% of ledger.% is refused: what was booked is never changed or deleted', TG_OP, TG_TABLE_NAME
          USING ERRCODE = 'insufficient_privilege';
      END $$`,
  ...['entries', 'requests', 'item_versions', 'time_steps', 'incarnations'].flatMap((table) =>
    refuse(table, 'UPDATE OR DELETE'),
  ),
  ...['accounts', 'holds'].flatMap((table) => refuse(table, 'DELETE')),
];

function refuse(table: string, operations: string): readonly string[] {
  return [
    `CREATE TRIGGER ${table}_refuse_rewriting BEFORE ${operations} ON ledger.${table}
       FOR EACH ROW EXECUTE FUNCTION ledger.refuse_rewriting()`,
    `CREATE TRIGGER ${table}_refuse_truncate BEFORE TRUNCATE ON ledger.${table}
       FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_rewriting()`,
    `ALTER TABLE ledger.${table} ENABLE ALWAYS TRIGGER ${table}_refuse_rewriting`,
    `ALTER TABLE ledger.${table} ENABLE ALWAYS TRIGGER ${table}_refuse_truncate`,
  ];
}
