import type { VerifyViolation } from '@ledger/client';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { keepBooks, reseal, tamper } from '../harness/tampering';
import { namesOf, verify } from '../harness/verification';

let ledger: LedgerUnderTest;
let restore: () => Promise<void>;
/** Transaction ids by what they are. */
const ids: Record<string, string> = {};

// One stripe, so that the entries of system accounts have sequences that are known.
beforeAll(async () => {
  ledger = await startLedger(1, { stripes: 1 });
  const client = ledger.client();
  const note = async (
    name: string,
    write: Promise<{ transaction?: { transactionId: string } | undefined }>,
  ) => {
    ids[name] = (await write).transaction?.transactionId ?? '';
  };
  await client.putItem({ itemId: 'mug', name: 'Mug', asset: 'GOLD', price: 30n, active: true });
  const metadata = { shelf: '7' };
  await note('first', client.credit({ userId: 'ada', asset: 'GOLD', amount: 100n, metadata }));
  await note('second', client.credit({ userId: 'ada', asset: 'GOLD', amount: 50n, description: 'gift' }));
  const item = { $case: 'item', value: { itemId: 'mug', quantity: 1n, priceVersion: 1n } } as const;
  await note('mug', client.purchase({ userId: 'ada', subject: item }));
  await note('gift', client.transfer({ fromUserId: 'ada', toUserId: 'bob', asset: 'GOLD', amount: 20n }));
  await note('back', client.reverseTransaction({ userId: 'ada', transactionId: ids['gift']!, amount: 5n }));
  await note('solo', client.credit({ userId: 'carol', asset: 'GOLD', amount: 1n }));
  const legs = [
    { userId: 'ada', asset: 'GOLD', change: -3n },
    { userId: 'bob', asset: 'GOLD', change: 1n },
    { userId: 'carol', asset: 'GOLD', change: 2n },
  ];
  await note('split', client.postTransaction({ userId: 'ada', legs }));
  const inAnHour = { seconds: BigInt(Math.floor(Date.now() / 1000)) + 3600n, nanos: 0 };
  await client.placeHold({ userId: 'ada', asset: 'GOLD', amount: 10n, expireTime: inAnHour });
  await client.placeHold({ userId: 'bob', asset: 'GOLD', amount: 2n });
  restore = await keepBooks(ledger.database);
});
afterAll(() => ledger.dispose());
afterEach(() => restore());

// ada: 1 credit 100, 2 credit 50, 3 mug -30, 4 gift -20, 5 back +5, 6 split -3; bob: 1 gift, 2 back, 3 split;
// carol: 1 credit, 2 split; @issuance: 1 first, 2 second, 3 solo; @revenue: 1 mug.
const of = (user: string, sequence: number): string =>
  `user_id = '${user}' AND asset = 'GOLD' AND stripe = 0 AND sequence = ${sequence}`;
const row = (user: string): string => `user_id = '${user}' AND asset = 'GOLD'`;
const entry = (user: string, sequence: number, set: string): string =>
  `UPDATE ledger.entries SET ${set} WHERE ${of(user, sequence)}`;
const account = (user: string, set: string): string => `UPDATE ledger.accounts SET ${set} WHERE ${row(user)}`;
const swapped = (user: string, one: number, other: number): string =>
  [
    [one, 1000],
    [other, one],
    [1000, other],
  ]
    .map(([from, to]) => entry(user, from!, `sequence = ${to}`))
    .join(';');

/** What the stored outcomes of requests show too, by the name of the case. */
const shownByRequests = new Map<string, readonly string[]>([
  ...[
    ...['a balance after an entry', 'a gross volume after an entry', 'a balance that is no whole number'],
    ...['a deleted last entry', 'a deleted last entry with the account put back to the one before'],
    ...['a deleted entry in the middle', 'all entries of an account, deleted', 'a swapped pair'],
    ...['a deleted hold', `an entry's hash`, 'its digest', 'its request', 'its caller', 'an invented one'],
  ].map((name) => [name, ['4 ada  0 0']] as const),
  ['the amount of a hold', ['4 bob  0 0']],
  ['a hold of an account that does not exist', ['4 bob  0 0']],
  ['an account, deleted with its entries', ['4 ada  0 0', '4 carol  0 0']],
  ['its owner', ['4 bob  0 0']],
  ['one that was there before, once more under another user', ['4 zoe  0 0']],
]);

test('the books are right before anybody tampers with them', async () => {
  const { report } = await verify(ledger.client());
  expect(report).toEqual({
    valid: true,
    accountsChecked: 5n,
    entriesChecked: 15n,
    violations: [],
    violationsTruncated: false,
  });
});

describe('an account and its entries', () => {
  test.each<[what: string, sql: string, named: string[]]>([
    [
      'an amount',
      entry('ada', 2, 'change = 51'),
      ['1 @issuance GOLD 0 2', '1 ada GOLD 0 2', '2 ada GOLD 0 2', '7 @issuance GOLD 0 2', '7 ada GOLD 0 2'],
    ],
    [`an account's balance`, account('ada', 'balance = balance + 1000'), ['2 ada GOLD 0 6']],
    [
      'a balance after an entry',
      entry('ada', 2, 'balance_after = 151'),
      ['2 ada GOLD 0 2', '2 ada GOLD 0 3', '7 ada GOLD 0 2'],
    ],
    [`an account's gross volume`, account('ada', 'debits = debits - 1'), ['2 ada GOLD 0 6']],
    [
      'a gross volume after an entry',
      entry('ada', 4, 'debits_after = 49'),
      ['2 ada GOLD 0 4', '2 ada GOLD 0 5', '7 ada GOLD 0 4'],
    ],
    [`when an entry took place`, entry('ada', 2, 'effective_time = now()'), ['7 ada GOLD 0 2']],
    [
      'a balance that is no whole number',
      entry('ada', 2, 'balance_after = 150.5'),
      ['2 ada GOLD 0 2', '7 ada GOLD 0 2'],
    ],
    ['a balance that is no number', account('@revenue', `balance = 'NaN'`), ['2 @revenue GOLD 0 1']],
    [
      'a deleted last entry',
      `DELETE FROM ledger.entries WHERE ${of('ada', 6)}`,
      ['1 ada GOLD 0 6', '2 ada GOLD 0 6'],
    ],
    [
      'a deleted last entry with the account put back to the one before',
      `DELETE FROM ledger.entries WHERE ${of('ada', 6)};
       UPDATE ledger.accounts a SET sequence = 5, balance = e.balance_after, debits = e.debits_after, last_hash = e.hash,
              last_entry_time = e.create_time, commit_order = t.commit_order
         FROM ledger.entries e JOIN ledger.transactions t USING (transaction_id)
        WHERE e.user_id = 'ada' AND e.sequence = 5 AND a.user_id = 'ada'`,
      ['1 ada GOLD 0 6'],
    ],
    [
      'an account put back to the entry before its last',
      `UPDATE ledger.accounts a SET sequence = 5, balance = e.balance_after, debits = e.debits_after, last_hash = e.hash,
              last_entry_time = e.create_time, commit_order = t.commit_order
         FROM ledger.entries e JOIN ledger.transactions t USING (transaction_id)
        WHERE e.user_id = 'ada' AND e.sequence = 5 AND a.user_id = 'ada'`,
      ['2 ada GOLD 0 6'],
    ],
    [
      'a deleted entry in the middle',
      `DELETE FROM ledger.entries WHERE ${of('ada', 3)}`,
      ['1 ada GOLD 0 3', '2 ada GOLD 0 3'],
    ],
    [
      'all entries of an account, deleted',
      `DELETE FROM ledger.entries WHERE ${row('bob')}`,
      ['1 bob GOLD 0 1', '1 bob GOLD 0 2', '1 bob GOLD 0 3', '2 bob GOLD 0 1'],
    ],
    [
      'a swapped pair',
      swapped('ada', 3, 4),
      [
        ...['1 ada GOLD 0 3', '1 ada GOLD 0 4', '2 ada GOLD 0 3', '2 ada GOLD 0 4', '2 ada GOLD 0 5'],
        ...['7 ada GOLD 0 3', '7 ada GOLD 0 4', '7 ada GOLD 0 5'],
      ],
    ],
    [`an entry's kind`, entry('bob', 1, 'kind = 1'), ['7 bob GOLD 0 1']],
    [
      `an entry's time`,
      entry('ada', 6, `create_time = create_time + interval '1 s'`),
      ['2 ada GOLD 0 6', '7 ada GOLD 0 6'],
    ],
    ['a time that is none', entry('ada', 2, `create_time = 'infinity'`), ['7 ada GOLD 0 2']],
    [`an entry's hash`, entry('bob', 3, `hash = sha256('')`), ['7 bob GOLD 0 3']],
    [`an account's last hash`, account('bob', `last_hash = sha256('')`), ['7 bob GOLD 0 3']],
    [`an account's last time`, account('bob', 'last_entry_time = now()'), ['2 bob GOLD 0 3']],
    [`an account's commit order`, account('bob', 'commit_order = commit_order + 1'), ['2 bob GOLD 0 3']],
    [`an account's sequence`, account('bob', 'sequence = 9223372036854775807'), ['2 bob GOLD 0 4']],
    [`an account's sequence, below zero`, account('bob', 'sequence = -1'), ['2 bob GOLD 0 0']],
    [
      'an entry before the first',
      `ALTER TABLE ledger.entries DROP CONSTRAINT IF EXISTS entries_change_check;
       INSERT INTO ledger.entries (user_id, asset, stripe, sequence, transaction_id, kind, change, balance_after,
                                   debits_after, create_time, hash)
       SELECT user_id, asset, 0, 0, transaction_id, kind, 100, 100, 0, create_time, hash FROM ledger.entries
        WHERE ${of('ada', 1)}`,
      ['2 ada GOLD 0 0'],
    ],
    [
      'an account row, deleted with its entries left',
      `DELETE FROM ledger.accounts WHERE ${row('bob')}`,
      ['2 bob GOLD 0 1', '3 bob GOLD 0 0'],
    ],
    [
      'an account, deleted with its entries',
      `DELETE FROM ledger.accounts WHERE ${row('carol')}; DELETE FROM ledger.entries WHERE ${row('carol')}`,
      ['1 carol GOLD 0 1', '1 carol GOLD 0 2'],
    ],
    [
      'an entry of an account that does not exist',
      `INSERT INTO ledger.entries (user_id, asset, stripe, sequence, transaction_id, kind, change, balance_after,
                                   debits_after, create_time, hash)
       SELECT 'zoe', asset, 0, 1, transaction_id, kind, 100, 100, 0, create_time, hash FROM ledger.entries
        WHERE ${of('ada', 1)}`,
      ['2 zoe GOLD 0 1'],
    ],
  ])('%s', async (what, sql, named) => {
    await tamper(ledger.database, sql);
    const { report } = await verify(ledger.client());
    expect(report.valid).toBe(false);
    expect(namesOf(report)).toEqual([...named, ...(shownByRequests.get(what) ?? [])].sort());
  });
});

describe('a transaction', () => {
  const set = (name: string, sql: string) => (): string =>
    `UPDATE ledger.transactions SET ${sql} WHERE transaction_id = '${ids[name]!}'`;
  const bothSeconds = ['7 @issuance GOLD 0 2', '7 ada GOLD 0 2'];
  const bothGifts = ['7 ada GOLD 0 4', '7 bob GOLD 0 1'];
  const bothReversals = ['7 ada GOLD 0 5', '7 bob GOLD 0 2'];
  const bothMugs = ['7 @revenue GOLD 0 1', '7 ada GOLD 0 3'];

  test.each<[what: string, sql: () => string, named: string[]]>([
    ['its description', set('second', `description = 'wages'`), bothSeconds],
    ['its request', set('second', `request_id = 'another'`), bothSeconds],
    ['its caller', set('second', `caller = 'mallory'`), bothSeconds],
    ['its reference', set('second', `reference = 'order-1'`), bothSeconds],
    ['its metadata', set('first', `metadata = '{"shelf": "8"}'`), ['7 @issuance GOLD 0 1', '7 ada GOLD 0 1']],
    ['metadata that is none', set('second', `metadata = '[1]'`), bothSeconds],
    ['its effective time', set('second', 'effective_time = now()'), bothSeconds],
    ['its time', set('gift', `create_time = create_time - interval '1 us'`), bothGifts],
    ['its kind', set('gift', 'kind = 4'), bothGifts],
    ['its owner', set('gift', `user_id = 'bob'`), bothGifts],
    ['its price', set('mug', 'unit_price = 29'), bothMugs],
    ['its item', set('mug', `item_name = 'Cup'`), bothMugs],
    ['what it reverses', set('back', 'reverses_transaction_id = gen_random_uuid()'), bothReversals],
    ['how much it reverses', set('back', 'reversed_amount = 1'), bothReversals],
    ['its digest', set('gift', `digest = sha256('')`), bothGifts],
    ['its hash version', set('gift', 'hash_version = 0'), bothGifts],
    ['its commit order', set('back', 'commit_order = 1'), ['2 ada GOLD 0 5', '2 bob GOLD 0 2']],
    [
      'entry keys that are none',
      set('gift', `entry_keys = '[1, 2]'`),
      ['1   0 0', '1 ada GOLD 0 4', '1 bob GOLD 0 1'],
    ],
    [
      'an entry that it no longer names',
      set('split', `entry_keys = (entry_keys::jsonb - 1)::json`),
      [
        ...['1 ada GOLD 0 6', '1 bob GOLD 0 3', '1 carol GOLD 0 2'],
        ...['7 ada GOLD 0 6', '7 carol GOLD 0 2'],
      ],
    ],
    [
      'a deleted one',
      () => `DELETE FROM ledger.transactions WHERE transaction_id = '${ids['gift']!}'`,
      ['1 ada GOLD 0 4', '1 bob GOLD 0 1'],
    ],
    [
      'a deleted one with all of its entries',
      () =>
        `DELETE FROM ledger.transactions WHERE transaction_id = '${ids['split']!}';
         DELETE FROM ledger.entries WHERE transaction_id = '${ids['split']!}'`,
      ['2 ada GOLD 0 6', '2 bob GOLD 0 3', '2 carol GOLD 0 2'],
    ],
    [
      'one that was there before, once more under another user',
      () =>
        `INSERT INTO ledger.requests
         SELECT (jsonb_populate_record(r, '{"user_id": "zoe"}')).* FROM ledger.requests r
          WHERE transaction_id = '${ids['gift']!}'`,
      ['1 ada GOLD 0 4', '1 bob GOLD 0 1', ...bothGifts],
    ],
    [
      'an invented one',
      () =>
        `INSERT INTO ledger.requests
         SELECT (jsonb_populate_record(r, '{"request_id": "new", "transaction_id": "00000000-0000-7000-8000-000000000001"}')).*
           FROM ledger.requests r WHERE transaction_id = '${ids['gift']!}'`,
      ['1 ada GOLD 0 4', '1 bob GOLD 0 1'],
    ],
  ])('%s', async (what, sql, named) => {
    await tamper(ledger.database, sql());
    const { report } = await verify(ledger.client());
    expect(namesOf(report)).toEqual([...named, ...(shownByRequests.get(what) ?? [])].sort());
  });
});

describe('a request', () => {
  const request = (name: string): string =>
    `user_id || ' ' || request_id = (
       SELECT t.user_id || ' ' || t.request_id FROM ledger.transactions t WHERE t.transaction_id = '${ids[name]!}')`;
  const set = (name: string, sql: string) => (): string =>
    `UPDATE ledger.requests SET ${sql} WHERE ${request(name)}`;
  const other = (field: string): string =>
    `(SELECT o.${field} FROM ledger.requests o WHERE o.transaction_id = '${ids['first']!}')`;
  const bothSeconds = ['1 @issuance GOLD 0 2', '1 ada GOLD 0 2'];

  test.each<[what: string, sql: () => string, named: string[]]>([
    [
      'that is deleted, so that a retry would book once more',
      () => `DELETE FROM ledger.requests WHERE ${request('second')}`,
      bothSeconds,
    ],
    [
      'whose stored response is another one',
      () => set('second', `outcome = ${other('outcome')}`)(),
      ['4 ada  0 0'],
    ],
    ['whose stored response is none', set('second', `outcome = '\\xff'`), ['4 ada  0 0']],
    [
      'whose stored response says something else about what was booked',
      set(
        'second',
        `outcome = decode(replace(encode(outcome, 'hex'), encode('gift', 'hex'), encode('wage', 'hex')), 'hex')`,
      ),
      ['4 ada  0 0'],
    ],
    ['that failed, it says now', set('second', `code = 9, reason = 'INSUFFICIENT_FUNDS'`), ['4 ada  0 0']],
    [
      'that booked nothing, it says now',
      set('second', 'transaction_id = NULL'),
      [...bothSeconds, '4 ada  0 0'],
    ],
    [
      'that booked something else, it says now',
      () => set('second', `transaction_id = '${ids['first']!}'`)(),
      ['1 @issuance GOLD 0 1', '1 ada GOLD 0 1', ...bothSeconds, '4 ada  0 0'],
    ],
    [
      'that somebody else sent, it says now',
      set('second', `caller = 'mallory'`),
      ['4 ada  0 0', '7 @issuance GOLD 0 2', '7 ada GOLD 0 2'],
    ],
  ])('%s', async (_what, sql, named) => {
    await tamper(ledger.database, sql());
    const { report } = await verify(ledger.client());
    expect(namesOf(report)).toEqual([...named].sort());
  });
});

describe('holds and minimums', () => {
  const withoutCheck = (sql: string): string =>
    `ALTER TABLE ledger.accounts DROP CONSTRAINT IF EXISTS accounts_balance_check; ${sql}`;

  test.each<[what: string, sql: string, named: string[]]>([
    [`an account's held`, account('ada', 'held = 9'), ['3 ada GOLD 0 0']],
    ['the amount of a hold', `UPDATE ledger.holds SET amount = 3 WHERE ${row('bob')}`, ['3 bob GOLD 0 0']],
    ['the state of a hold', `UPDATE ledger.holds SET state = 3 WHERE ${row('bob')}`, ['3 bob GOLD 0 0']],
    ['a deleted hold', `DELETE FROM ledger.holds WHERE ${row('ada')}`, ['3 ada GOLD 0 0']],
    ['a forgotten expiry', account('ada', 'next_hold_expiry = NULL'), ['3 ada GOLD 0 0']],
    [
      'a late expiry',
      account('ada', `next_hold_expiry = next_hold_expiry + interval '1 s'`),
      ['3 ada GOLD 0 0'],
    ],
    [
      'a hold of an account that does not exist',
      `UPDATE ledger.holds SET user_id = 'zoe' WHERE ${row('bob')}`,
      ['3 bob GOLD 0 0', '3 zoe GOLD 0 0'],
    ],
    [
      'a minimum above what is available',
      withoutCheck(account('ada', 'min_balance = 1000')),
      ['3 ada GOLD 0 0'],
    ],
    ['a system account that holds', account('@revenue', 'held = 1'), ['3 @revenue GOLD 0 0']],
  ])('%s', async (what, sql, named) => {
    await tamper(ledger.database, sql);
    const { report } = await verify(ledger.client());
    expect(namesOf(report)).toEqual([...named, ...(shownByRequests.get(what) ?? [])].sort());
  });
});

describe('a rewritten chain', () => {
  const ada = (userId: string): boolean => userId === 'ada';

  it('is found in its transaction when only the account is rewritten to its end', async () => {
    await tamper(ledger.database, entry('ada', 2, 'change = 1050'));
    await reseal(ledger.database, { users: ada, digests: false });
    const { report } = await verify(ledger.client());
    expect(namesOf(report)).toEqual([
      ...['1 @issuance GOLD 0 2', '1 ada GOLD 0 2', '4 ada  0 0', '7 @issuance GOLD 0 2', '7 ada GOLD 0 2'],
    ]);
    const [violation] = report.violations.filter(({ userId, rule }) => userId === 'ada' && rule === 1);
    expect(violation).toMatchObject<Partial<VerifyViolation>>({
      transactionId: ids['second']!,
      detail: 'the entries of its transaction sum to 1000, not 0',
    });
  });

  it('is found in the other accounts when the digests are rewritten too', async () => {
    await tamper(
      ledger.database,
      `${entry('ada', 2, 'change = 1050')}; ${entry('@issuance', 2, 'change = -1050')}`,
    );
    await reseal(ledger.database, { users: ada, digests: true });
    const { report } = await verify(ledger.client());
    expect(namesOf(report)).toEqual(['2 @issuance GOLD 0 2', '4 ada  0 0', '7 @issuance GOLD 0 2']);
  });

  it('is found when value comes out of nothing, however well it is sealed', async () => {
    await tamper(ledger.database, entry('ada', 2, 'change = 1050'));
    await reseal(ledger.database, { users: () => true, digests: true });
    const { report } = await verify(ledger.client());
    expect(namesOf(report)).toEqual(['1 @issuance GOLD 0 2', '1 ada GOLD 0 2', '4 ada  0 0', '4 carol  0 0']);
  });

  it('is found when an account was in debt that it was not allowed', async () => {
    await tamper(
      ledger.database,
      `${entry('ada', 2, 'change = -101')}; ${entry('@issuance', 2, 'change = 101')};
      ${entry('ada', 1, 'change = 151, balance_after = 151')}; ${entry('ada', 3, 'change = -60')};
      ${entry('@revenue', 1, 'change = 60, balance_after = 60')};
      ${entry('@issuance', 1, 'change = -151, balance_after = -151, debits_after = 151')}; ${entry('ada', 5, 'change = 100')};
      ${entry('bob', 2, 'change = -100')}; ${entry('bob', 1, 'change = 110, balance_after = 110')};
      ${entry('ada', 4, 'change = -110')};
      UPDATE ledger.transactions SET reversed_amount = 100 WHERE transaction_id = '${ids['back']!}';
      ALTER TABLE ledger.accounts DROP CONSTRAINT IF EXISTS accounts_balance_check`,
    );
    await reseal(ledger.database, { users: () => true, digests: true });
    const { report } = await verify(ledger.client());
    expect(namesOf(report)).toEqual([
      ...['3 ada GOLD 0 0', '3 ada GOLD 0 3', '3 ada GOLD 0 4', '3 ada GOLD 0 5', '3 ada GOLD 0 6'],
      ...['4 ada  0 0', '4 carol  0 0'],
    ]);
  });
});
