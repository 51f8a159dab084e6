import { randomUUID } from 'node:crypto';
import { digestOf, entryHashOf } from '../harness/ledger-layout';
import { readLedgerRows, type AccountRow } from '../harness/ledger-rows';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { keepBooks, tamper } from '../harness/tampering';
import { namesOf, verify } from '../harness/verification';

/** What no hash covers, against what the responses to its requests say. Only what fits the other rows is tampered with. */
let ledger: LedgerUnderTest;
let restore: () => Promise<void>;
const holds: Record<string, string> = {};

beforeAll(async () => {
  ledger = await startLedger(1, { stripes: 1 });
  const client = ledger.client();
  await client.putItem({ itemId: 'mug', name: 'Mug', asset: 'GOLD', price: 30n, active: true });
  await client.credit({ userId: 'ada', asset: 'GOLD', amount: 100n });
  const item = { $case: 'item', value: { itemId: 'mug', quantity: 1n } } as const;
  await client.purchase({ userId: 'ada', subject: item });
  for (const name of ['open', 'captured', 'released']) {
    const { hold } = await client.placeHold({ userId: 'ada', asset: 'GOLD', amount: 10n });
    holds[name] = hold.holdId;
  }
  await client.captureHold({ userId: 'ada', holdId: holds['captured']!, amount: 7n });
  await client.releaseHold({ userId: 'ada', holdId: holds['released']! });
  for (const frozen of [false, true]) {
    await client.updateAccount({
      ...{ userId: 'bob', asset: 'GOLD', minBalance: -10n, frozen, metadata: { tier: 'gold' } },
      updateMask: ['min_balance', 'frozen', 'metadata'],
    });
  }
  restore = await keepBooks(ledger.database);
});
afterAll(() => ledger.dispose());
afterEach(() => restore());

const hold = (name: string, set: string, held: number) => (): string =>
  `UPDATE ledger.holds SET ${set} WHERE hold_id = '${holds[name]!}';
   UPDATE ledger.accounts SET held = held + ${held} WHERE user_id = 'ada'`;
const item = (set: string) => (): string => `UPDATE ledger.item_versions SET ${set} WHERE item_id = 'mug'`;
const settings = (set: string) => (): string => `UPDATE ledger.accounts SET ${set} WHERE user_id = 'bob'`;

test('the books are right before anybody tampers with them', async () => {
  const { report } = await verify(ledger.client());
  expect(report).toMatchObject({ valid: true, violations: [] });
});

test.each<[what: string, sql: () => string, named: string[]]>([
  ['an open hold that is shrunk', hold('open', 'amount = 4', -6), ['4 ada  0 0']],
  ['an open hold that goes elsewhere', hold('open', `destination = '@mine'`, 0), ['4 ada  0 0']],
  [
    'a captured hold that is open again',
    hold('captured', 'state = 1, captured_amount = 0', 10),
    ['4 ada  0 0'],
  ],
  ['a captured hold of which less was captured', hold('captured', 'captured_amount = 6', 0), ['4 ada  0 0']],
  ['a captured hold that was released, it says now', hold('captured', 'state = 3', 0), ['4 ada  0 0']],
  ['a released hold that is open again', hold('released', 'state = 1', 10), ['4 ada  0 0']],
  [
    'a hold that is deleted',
    () =>
      `DELETE FROM ledger.holds WHERE hold_id = '${holds['open']!}';
       UPDATE ledger.accounts SET held = held - 10 WHERE user_id = 'ada'`,
    ['4 ada  0 0'],
  ],
  ['the price of an item version', item('price = 29'), ['4 @catalog  0 0', '4 ada  0 0']],
  ['the name of an item version', item(`name = 'Cup'`), ['4 @catalog  0 0', '4 ada  0 0']],
  ['an item version that is not sold', item('active = false'), ['4 @catalog  0 0']],
  ['what an item version grants', item(`grant_asset = 'TEA'`), ['4 @catalog  0 0']],
  [
    'an item version that is deleted',
    () => `DELETE FROM ledger.item_versions WHERE item_id = 'mug'`,
    ['4 @catalog  0 0', '4 ada  0 0'],
  ],
  ['an account that is thawed', settings('frozen = false'), ['4 bob  0 0']],
  ['a minimum that is lowered', settings('min_balance = -11'), ['4 bob  0 0']],
  ['the metadata of an account', settings(`metadata = '{}'`), ['4 bob  0 0']],
  ['settings as they were before', settings('settings_version = 1, frozen = false'), ['4 bob  0 0']],
])('%s is found', async (_what, sql, named) => {
  await tamper(ledger.database, sql());
  const { report } = await verify(ledger.client());
  expect(namesOf(report)).toEqual(named);
});

test('a captured hold that is opened and captured again is found by its first capture', async () => {
  await tamper(ledger.database, hold('captured', 'state = 1, captured_amount = 0', 10)());
  await ledger.client().captureHold({ userId: 'ada', holdId: holds['captured']!, amount: 7n });
  const { report } = await verify(ledger.client());
  expect(namesOf(report)).toEqual(['4 ada  0 0']);
  expect(report.violations).toMatchObject([
    {
      detail: expect.stringContaining(
        `the hold ${holds['captured']!} is in state 2 with 7 captured`,
      ) as string,
    },
  ]);
});

test('a credit that the runtime role forged, with every sum and hash right, lacks the response to its request', async () => {
  const { accounts } = await readLedgerRows(ledger.database);
  const ada = accounts.find(({ userId }) => userId === 'ada')!;
  const issuance = accounts.find(({ userId }) => userId === '@issuance')!;
  await ledger.database.query(forgedCredit(ada, issuance, 1_000n));
  const { report } = await verify(ledger.client());
  expect(namesOf(report)).toEqual(['4 ada  0 0']);
});

/** The SQL of a transaction as the ledger would book it, with the rights that its servers have. */
function forgedCredit(user: AccountRow, source: AccountRow, amount: bigint): string {
  // Right after what its accounts have: a time ahead of the clock would show by itself.
  const [own, its] = [user.lastEntryTime ?? 0n, source.lastEntryTime ?? 0n];
  const createTime = (own > its ? own : its) + 1n;
  const head = createTime / 1_000n;
  const id = `${head
    .toString(16)
    .padStart(12, '0')
    .replace(/^(.{8})/, '$1-')}-7${randomUUID().slice(15)}`;
  const legs = [
    { account: user, change: amount },
    { account: source, change: -amount },
  ].map(({ account, change }) => ({
    ...{ userId: account.userId, asset: account.asset, stripe: account.stripe, change },
    ...{ sequence: account.sequence + 1n, balanceAfter: account.balance + change, effectiveTime: null },
    debitsAfter: account.debits + (change < 0n ? -change : 0n),
    previous: account.lastHash,
  }));
  const digest = digestOf(
    {
      ...{ transactionId: id, kind: 1, userId: user.userId, requestId: 'forged', caller: '', createTime },
      ...{ effectiveTime: null, description: '', reference: '', metadata: {}, item: null },
      reversesTransactionId: null,
    },
    legs,
  );
  const time = `timestamptz 'epoch' + ${createTime} * interval '1 microsecond'`;
  const order = user.commitOrder > source.commitOrder ? user.commitOrder : source.commitOrder;
  const keys = JSON.stringify(
    legs.map((leg) => [leg.userId, leg.asset, leg.stripe, leg.sequence.toString()]),
  );
  const entries = legs.flatMap((leg) => {
    const hash = entryHashOf(leg.previous, digest, leg);
    const key = `'${leg.userId}', '${leg.asset}', ${leg.stripe}`;
    return [
      `INSERT INTO ledger.entries (user_id, asset, stripe, sequence, transaction_id, kind, change, balance_after,
                                   debits_after, create_time, hash)
       VALUES (${key}, ${leg.sequence}, '${id}', 1, ${leg.change}, ${leg.balanceAfter}, ${leg.debitsAfter}, ${time},
               '\\x${hash}')`,
      `UPDATE ledger.accounts SET sequence = ${leg.sequence}, balance = ${leg.balanceAfter}, debits = ${leg.debitsAfter},
              last_hash = '\\x${hash}', last_entry_time = ${time}, commit_order = ${order}
        WHERE (user_id, asset, stripe) = (${key})`,
    ];
  });
  return [
    'SET ROLE ledger_runtime',
    `INSERT INTO ledger.requests (user_id, request_id, method, caller, content_hash, content_hash_version, code, reason,
                                  outcome, create_time, transaction_id, kind, description, reference, metadata,
                                  entry_keys, digest, hash_version, commit_order)
     SELECT user_id, 'forged', method, caller, content_hash, content_hash_version, code, reason, outcome, ${time},
            '${id}', 1, '', '', '{}', '${keys}', '\\x${digest}', 1, ${order}
       FROM ledger.requests WHERE user_id = '${user.userId}' AND method = 'Credit' LIMIT 1`,
    ...entries,
  ].join(';\n');
}
