import { checkLedger } from '../harness/check-ledger';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';

const WRITTEN_ONCE = {
  entries: 'change = change + 1',
  requests: `outcome = '\\x00', description = 'another'`,
  item_versions: 'price = 1',
};
const NEVER_DELETED = ['accounts', 'holds'];
const ALL = [...Object.keys(WRITTEN_ONCE), ...NEVER_DELETED];
// Transactions are a view of requests.
const UPDATES = [
  ...Object.entries(WRITTEN_ONCE).map(([table, change]) => `UPDATE ledger.${table} SET ${change}`),
  `UPDATE ledger.transactions SET description = 'another'`,
];
const DELETES = [
  ...ALL.flatMap((table) => [`DELETE FROM ledger.${table}`, `TRUNCATE ledger.${table}`]),
  'DELETE FROM ledger.transactions',
];

describe('what was booked', () => {
  let ledger: LedgerUnderTest;
  let booked: string;

  beforeAll(async () => {
    ledger = await startLedger(1);
    const client = ledger.client();
    await client.credit({ userId: 'ada', asset: 'GOLD', amount: 10n });
    await client.putItem({ itemId: 'mug', name: 'Mug', asset: 'GOLD', price: 3n, active: true });
    const subject = { $case: 'item', value: { itemId: 'mug', quantity: 1n } } as const;
    await client.purchase({ userId: 'ada', subject });
    // Closed, so that it holds nothing.
    await ledger.database.query(
      `INSERT INTO ledger.holds (user_id, hold_id, asset, amount, destination, state, create_time, update_time)
       VALUES ('ada', gen_random_uuid(), 'GOLD', 1, '@revenue', 3, now(), now())`,
    );
    booked = await everyRow();
  });
  afterAll(async () => {
    expect(await checkLedger(ledger.database)).toEqual([]);
    await ledger.dispose();
  });
  afterEach(async () => expect(await everyRow()).toEqual(booked));

  describe('is refused to its owner', () => {
    it.each([...UPDATES, ...DELETES])('%s', async (sql) => {
      await expect(ledger.database.query(sql)).rejects.toMatchObject({
        code: '42501',
        message: expect.stringContaining('is refused: what was booked is never changed or deleted'),
      });
    });
  });

  describe('is refused to its owner in a session without ordinary triggers', () => {
    it.each([...UPDATES, ...DELETES])('%s', async (sql) => {
      const session = `SET session_replication_role = replica; ${sql}`;
      await expect(ledger.database.query(session)).rejects.toMatchObject({
        code: '42501',
        message: expect.stringContaining('is refused: what was booked is never changed or deleted'),
      });
    });
  });

  describe('is out of the rights of the role that servers take', () => {
    it.each([
      ...UPDATES,
      ...DELETES,
      `UPDATE ledger.accounts SET user_id = 'eve'`,
      `UPDATE ledger.accounts SET asset = 'PEEP'`,
      'UPDATE ledger.accounts SET stripe = 1',
      'UPDATE ledger.accounts SET create_time = now()',
      `UPDATE ledger.holds SET user_id = 'eve'`,
      'UPDATE ledger.holds SET amount = 2',
      `UPDATE ledger.server_keys SET secret = '\\x00'`,
      'DELETE FROM ledger.server_keys',
      `INSERT INTO ledger.migrations (timestamp, name) VALUES (1, 'another')`,
    ])('%s', async (sql) => {
      await expect(asRuntimeRole(sql)).rejects.toMatchObject({
        code: '42501',
        message: expect.stringMatching(/^permission denied for (table|view) /),
      });
    });

    it.each([
      'ALTER TABLE ledger.entries DISABLE TRIGGER ALL',
      'DROP TRIGGER entries_refuse_rewriting ON ledger.entries',
      'DROP TABLE ledger.entries',
      'CREATE TABLE ledger.more (id int)',
      'CREATE OR REPLACE FUNCTION ledger.refuse_rewriting() RETURNS trigger LANGUAGE sql AS $$ SELECT NULL $$',
      'SET session_replication_role = replica',
    ])('%s', async (sql) => {
      await expect(asRuntimeRole(sql)).rejects.toMatchObject({ code: '42501' });
    });
  });

  it('is written by servers in that role and in no other', async () => {
    await ledger.database.query('REVOKE INSERT ON ledger.entries FROM ledger_runtime');
    try {
      await expect(
        ledger.client().credit({ userId: 'ada', asset: 'GOLD', amount: 1n }),
      ).rejects.toMatchObject({ reason: 'INTERNAL' });
    } finally {
      await ledger.database.query('GRANT INSERT ON ledger.entries TO ledger_runtime');
    }
    expect(ledger.servers[0]?.faults).toMatchObject([{ error: { code: '42501' }, action: 'reject' }]);
  });

  /** As the servers connect: with SET ROLE, from a session that could do more. */
  function asRuntimeRole(sql: string): Promise<object[]> {
    return ledger.database.query(`SET ROLE ledger_runtime; ${sql}`);
  }

  /** All that the tables hold, as text. */
  async function everyRow(): Promise<string> {
    const rows = await ledger.database.query<{ row: string }>(
      ALL.map((table) => `SELECT '${table} ' || t::text AS row FROM ledger.${table} t`).join(' UNION ALL ') +
        ' ORDER BY row',
    );
    expect(rows).toHaveLength(12);
    return rows.map(({ row }) => row).join('\n');
  }
});
