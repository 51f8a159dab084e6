import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';

let ledger: LedgerUnderTest;

beforeAll(async () => {
  ledger = await startLedger(1);
  const client = ledger.client();
  await client.credit({ userId: 'ada', asset: 'GOLD', amount: 10n });
  await client.placeHold({ userId: 'ada', asset: 'GOLD', amount: 4n });
});
afterAll(() => ledger.dispose());

const account = (set: string): string => `UPDATE ledger.accounts SET ${set} WHERE user_id = 'ada'`;
const copy = (table: string, changed: string): string =>
  `INSERT INTO ledger.${table} SELECT (jsonb_populate_record(t, '${changed}')).* FROM ledger.${table} t
    WHERE user_id = 'ada' AND transaction_id IS NOT NULL`;

it.each([
  ['a user below its minimum', account('balance = -1')],
  ['a user whose holds are above its balance', account('held = 11')],
  ['a minimum above what is available', account('min_balance = 7')],
  ['less than nothing held', account('held = -1')],
  ['a balance beyond int64', account('balance = 9223372036854775808')],
  ['a balance that is no number', account(`balance = 'NaN'`)],
  ['an entry that changes nothing', copy('entries', '{"sequence": 2, "change": 0}')],
  ['an entry before the first', copy('entries', '{"sequence": 0}')],
  ['half a transaction', copy('requests', '{"request_id": "half", "digest": null}')],
])('SQL by hand cannot write %s', async (_what, sql) => {
  await expect(ledger.database.query(sql)).rejects.toMatchObject({ code: '23514' });
});

it('a system account has no minimum', async () => {
  const [row] = await ledger.database.query<{ balance: string }>(
    `SELECT sum(balance)::text AS balance FROM ledger.accounts WHERE user_id = '@issuance'`,
  );
  expect(row).toEqual({ balance: '-10' });
});
