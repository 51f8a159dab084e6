import { Client } from 'pg';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';

const GUARDED = ['accounts', 'entries', 'requests', 'item_versions'];
const LAST = `user_id = 'ada' AND asset = 'GOLD' AND sequence = 2`;

/** What somebody with all rights might do, and what it must be called. */
const CHANGES: readonly (readonly [name: string, sql: string, violations: readonly RegExp[]])[] = [
  [
    'another amount',
    `UPDATE entries SET change = change - 1, balance_after = balance_after - 1 WHERE ${LAST};
     UPDATE accounts SET balance = balance - 1 WHERE user_id = 'ada' AND asset = 'GOLD'`,
    [
      /rule 1: all entries of GOLD sum to -1/,
      /rule 7: entry 2 of ada GOLD 0/,
      /rule 7: transaction .* digest/,
    ],
  ],
  [
    'another balance',
    `UPDATE accounts SET balance = balance + 1 WHERE user_id = 'ada' AND asset = 'GOLD'`,
    [
      /rule 1: all balances of GOLD sum to 1/,
      /rule 2: account ada GOLD 0 is at 2,8,.* its entries end at 2,7,/,
    ],
  ],
  [
    'another balance after',
    `UPDATE entries SET balance_after = 6 WHERE ${LAST}`,
    [/rule 2: entry 2 of ada GOLD 0 changes 10 by -3 to 6/],
  ],
  [
    'another sequence',
    `UPDATE entries SET sequence = 5 WHERE ${LAST}`,
    [/rule 2: entry 5 of ada GOLD 0 follows 1/],
  ],
  [
    'a missing entry',
    `DELETE FROM entries WHERE ${LAST}`,
    [
      /rule 1: all entries of GOLD sum to 3/,
      /rule 1: transaction .* names 4 entries, of 3 it has 3/,
      /rule 2: account ada GOLD 0 is at 2,7/,
    ],
  ],
  [
    'a missing transaction',
    `UPDATE requests SET transaction_id = NULL WHERE request_id = 'buy'`,
    [/rule 1: entry 2 of ada GOLD 0 has no transaction/, /rule 4: request ada buy moved nothing/],
  ],
  [
    'a missing account',
    `DELETE FROM accounts WHERE user_id = 'ada' AND asset = 'GOLD'`,
    [/rule 2: account ada GOLD 0 has entries and no row/],
  ],
  [
    'a missing request',
    `DELETE FROM requests WHERE request_id = 'buy'`,
    [/rule 1: entry 2 of ada GOLD 0 has no transaction/],
  ],
  [
    'another answer',
    `UPDATE requests SET outcome = '\\x00' WHERE request_id = 'buy'`,
    [/rule 4: the stored answer of request ada buy does not name its transaction/],
  ],
  [
    'another description',
    `UPDATE transactions SET description = 'gift' WHERE kind = 1`,
    [/rule 7: transaction .* digest/],
  ],
  [
    'other metadata',
    `UPDATE transactions SET metadata = '{"a": "2", "ß": "1"}' WHERE kind = 1`,
    [/rule 7: .* digest/],
  ],
  [
    'another effective time',
    `UPDATE transactions SET effective_time = now() WHERE kind = 1`,
    [/rule 7: .* digest/],
  ],
  [
    'another hash',
    `UPDATE entries SET hash = sha256('x') WHERE ${LAST}`,
    [/rule 7: entry 2 of ada GOLD 0/, /rule 2: account ada GOLD 0 is at .* its entries end at/],
  ],
  [
    'another time',
    `UPDATE entries SET create_time = create_time - interval '1 day' WHERE ${LAST}`,
    [
      /time runs backwards at entry 2 of ada GOLD 0/,
      /rule 1: transaction .* and its entries differ in time or kind/,
    ],
  ],
  [
    'another commit order',
    `UPDATE transactions SET commit_order = 1 WHERE kind = 2`,
    [
      /commit order falls at entry 2 of ada GOLD 0/,
      /commit order of account ada GOLD 0 is \d+, of its last entry 1/,
    ],
  ],
  [
    'an amount held without a hold',
    `UPDATE accounts SET held = 1 WHERE user_id = 'ada' AND asset = 'GOLD'`,
    [/rule 3: account ada GOLD has 1 held, its open holds are 0/],
  ],
  [
    'a balance below the minimum',
    `ALTER TABLE accounts DROP CONSTRAINT accounts_balance_check;
     UPDATE accounts SET min_balance = 8 WHERE user_id = 'ada' AND asset = 'GOLD'`,
    [/rule 3: account ada GOLD 0 has 7 - 0, less than 8/],
  ],
  [
    'another price of a version',
    `UPDATE item_versions SET price = 4`,
    [/keeps a snapshot that is not version 1 of item mug/],
  ],
  [
    'another grant of a version',
    `UPDATE item_versions SET grant_asset = 'CUP'`,
    [/does not book what version 1 of item mug costs and grants/],
  ],
  [
    'a reversal of more than there was',
    `UPDATE entries SET change = change * 9 WHERE kind = 5`,
    [
      /reversal .* of .* takes -36 of 4 back on ada PEEP 0/,
      /reversal .* takes 36 of -4 back on @issuance PEEP/,
    ],
  ],
  [
    'a reversal of another transaction',
    `UPDATE transactions SET reverses_transaction_id =
       (SELECT transaction_id FROM transactions WHERE kind = 2 LIMIT 1) WHERE kind = 5`,
    [/reversal .* has other accounts/],
  ],
  ['a missing version', `UPDATE item_versions SET version = 2`, [/version 2 of item mug follows none/]],
];

describe('the check of a ledger', () => {
  let ledger: LedgerUnderTest;
  let owner: Client;

  beforeAll(async () => {
    ledger = await startLedger(1);
    const client = ledger.client();
    const metadata = { ß: '2', a: '1' };
    const effectiveTime = { seconds: -62_135_596_800n, nanos: 999_999 };
    await client.credit({ userId: 'ada', asset: 'GOLD', amount: 10n, metadata, effectiveTime });
    await client.putItem({
      ...{ itemId: 'mug', name: 'Müg', asset: 'GOLD', price: 3n, active: true, grantAsset: 'MUG' },
    });
    const subject = { $case: 'item', value: { itemId: 'mug', quantity: 1n } } as const;
    await client.purchase({ requestId: 'buy', userId: 'ada', subject });
    const { transaction } = await client.credit({ userId: 'ada', asset: 'PEEP', amount: 4n });
    await client.reverseTransaction({ userId: 'ada', transactionId: transaction.transactionId });
    owner = new Client({ connectionString: ledger.database.url });
    await owner.connect();
  });
  afterAll(async () => {
    await owner.end();
    await ledger.dispose();
  });
  beforeEach(async () => {
    const triggers = GUARDED.map((table) => `ALTER TABLE ledger.${table} DISABLE TRIGGER USER`);
    await owner.query(['BEGIN', 'SET LOCAL search_path = ledger', ...triggers].join(';'));
  });
  afterEach(() => owner.query('ROLLBACK'));

  it('finds nothing wrong with an untouched one', async () => {
    expect(await violations()).toEqual([]);
  });

  it.each(CHANGES)('finds out about %s', async (_name, sql, expected) => {
    await owner.query(sql);
    const found = await violations();
    for (const violation of expected) {
      expect(found).toEqual(expect.arrayContaining([expect.stringMatching(violation)]));
    }
  });

  function violations(): Promise<string[]> {
    return checkLedger({
      query: async <Row extends object>(sql: string, values: unknown[] = []) =>
        (await owner.query<Row>(sql, values)).rows,
    });
  }
});
