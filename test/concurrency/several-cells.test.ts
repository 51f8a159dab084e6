import type { LedgerClient, Transaction } from '@ledger/client';
import { bucketOf } from '../../services/ledger/src/ledger/bucket';
import { migrate } from '../../services/ledger/src/store/migrate';
import { checkLedger } from '../harness/check-ledger';
import { createEmptyDatabase, type TestDatabase } from '../harness/test-database';
import { startTestServer, type TestServer } from '../harness/test-server';
import { verify } from '../harness/verification';
import { entriesOf, firstOf, keyOf } from '../harness/watching';

const CELLS = 3;
const asset = 'GOLD';

/** A user of each cell. */
const users = Array.from({ length: CELLS }, (_, cell) => {
  const names = Array.from({ length: 100 }, (_each, n) => `user-${n}`);
  return names.find((name) => bucketOf(name) % CELLS === cell)!;
});
const [first, second, third] = users as [string, string, string];

let database: TestDatabase;
let servers: TestServer[];
let client: LedgerClient;
let other: LedgerClient;

beforeEach(async () => {
  database = await createEmptyDatabase();
  await migrate({ url: database.url, migrationUrl: database.url, cells: CELLS });
  servers = [await startTestServer(database.url), await startTestServer(database.url)];
  [client, other] = servers.map((server) => server.client) as [LedgerClient, LedgerClient];
  for (const userId of users) await client.credit({ userId, asset, amount: 1_000n });
});
afterEach(async () => {
  expect(await checkLedger(database)).toEqual([]);
  await Promise.all(servers.map((server) => server.stop()));
  await database.drop();
});

it('users of all cells pay each other at once, on two servers, and nothing is lost or waits in a circle', async () => {
  const rounds = 30;
  const pays = Array.from({ length: rounds }, (_, round) =>
    users.flatMap((fromUserId, cell) => [
      (round % 2 === 0 ? client : other).transfer({
        ...{ fromUserId, toUserId: users[(cell + 1) % CELLS]!, asset, amount: 2n },
      }),
      (round % 2 === 0 ? other : client).transfer({
        ...{ fromUserId, toUserId: users[(cell + 2) % CELLS]!, asset, amount: 1n },
      }),
    ]),
  );
  await Promise.all(pays.flat());

  for (const userId of users) {
    expect((await client.getBalance({ userId, asset })).balance).toMatchObject({
      ...{ balance: 1_000n, sequence: BigInt(1 + 4 * rounds) },
    });
  }
  expect(servers.flatMap(({ faults }) => faults)).toEqual([]);
  expect(await reportOf(client)).toMatchObject({ valid: true, violations: [] });
});

it('a transaction of several cells is read by its id, its users and its reference, once and with all entries', async () => {
  const legs = [
    { userId: first, asset, change: -5n },
    { userId: second, asset, change: 2n },
    { userId: third, asset, change: 3n },
  ];
  const { transaction } = await client.postTransaction({ userId: first, legs, reference: 'order-1' });

  const { transactionId } = transaction;
  expect((await other.getTransaction({ transactionId })).transaction).toEqual(transaction);
  expect((await other.listTransactions({ reference: 'order-1' })).transactions).toEqual([transaction]);
  const ofFirst = await other.listTransactions({ userId: first });
  expect(ofFirst.transactions.map((each) => each.transactionId)).toContain(transactionId);
  for (const [index, { userId }] of legs.entries()) {
    const { entries } = await other.listEntries({ userId, asset });
    expect(entries[0]).toEqual(transaction.entries[index]);
  }
});

it('a reversal takes the other cells of its original in, and is done once', async () => {
  const { transaction } = await client.transfer({ fromUserId: first, toUserId: third, asset, amount: 7n });
  const request = { requestId: 'back', userId: first, transactionId: transaction.transactionId };
  const [one, again] = await Promise.all([client, other].map((each) => each.reverseTransaction(request)));

  expect(again!.transaction).toEqual(one!.transaction);
  for (const userId of [first, third]) {
    expect((await client.getBalance({ userId, asset })).balance).toMatchObject({ balance: 1_000n });
  }
  await expect(client.reverseTransaction({ ...request, requestId: 'more' })).rejects.toMatchObject({
    reason: 'REVERSAL_EXCEEDS_ORIGINAL',
  });
});

it('an atomic batch over all cells is booked whole or not at all', async () => {
  const pay = (toUserId: string, amount: bigint) => {
    const value = { requestId: `pay-${toUserId}`, fromUserId: first, toUserId, asset, amount };
    return { write: { $case: 'transfer', value } } as const;
  };
  const refused = { requestId: 'all-1', atomic: true, writes: [pay(second, 1n), pay(third, 5_000n)] };
  await expect(client.batchWrite(refused)).rejects.toMatchObject({ reason: 'INSUFFICIENT_FUNDS' });
  expect((await client.getBalance({ userId: second, asset })).balance).toMatchObject({ balance: 1_000n });

  const booked = { requestId: 'all-2', atomic: true, writes: [pay(second, 1n), pay(third, 5n)] };
  const answer = await client.batchWrite(booked);
  expect(await other.batchWrite(booked)).toMatchObject({ replayed: true, results: answer.results });
  expect((await client.getBalance({ userId: third, asset })).balance).toMatchObject({ balance: 1_005n });
});

it('an item is put in every cell, so that each buyer finds it in its own', async () => {
  await client.putItem({ itemId: 'mug', name: 'Mug', asset, price: 3n, active: true });
  const bought: Transaction[] = [];
  for (const userId of users) {
    const subject = { $case: 'item', value: { itemId: 'mug', quantity: 1n } } as const;
    bought.push((await other.purchase({ userId, subject })).transaction);
  }
  // Each in the stripes of its own cell.
  expect(bought.map(({ entries }) => Math.floor(entries[1]!.stripe / 64))).toEqual([0, 1, 2]);
  expect((await client.getBalance({ userId: '@revenue', asset })).balance).toMatchObject({
    ...{ balance: 9n, sequence: 3n },
  });
  const { entries } = await client.listEntries({ userId: '@revenue', asset, pageSize: 2 });
  expect(entries.map(({ transactionId }) => transactionId)).toEqual(
    [bought[2], bought[1]].map((each) => each!.transactionId),
  );
});

it('a stream over all users gives every entry once, and goes on from any token, at any server', async () => {
  const { transaction } = await client.transfer({ fromUserId: first, toUserId: second, asset, amount: 1n });
  const entriesInAll = 2 * (CELLS + 1);
  const whole = await firstOf(client, { fromStart: true }, entriesInAll);
  const keys = entriesOf(whole).map(keyOf);
  expect(new Set(keys).size).toBe(entriesInAll);
  expect(whole.filter(({ entry }) => entry?.transactionId === transaction.transactionId)).toHaveLength(2);

  for (let taken = 1; taken < entriesInAll; taken += 1) {
    const { resumeToken } = whole[taken - 1]!;
    const rest = await firstOf(other, { resumeToken }, entriesInAll - taken);
    expect(new Set([...keys.slice(0, taken), ...entriesOf(rest).map(keyOf)])).toEqual(new Set(keys));
  }
});

describe('verification', () => {
  let restore: () => Promise<unknown>;
  afterEach(() => restore());

  const tampered = async (change: string, back: string): Promise<void> => {
    const run = (sql: string): Promise<unknown> =>
      database.query(`SET session_replication_role = replica; ${sql}`);
    const tables = ['requests', 'item_versions'].map((table) => `ledger_1.${table}`);
    for (const table of tables) await database.query(`ALTER TABLE ${table} DISABLE TRIGGER ALL`);
    await run(change);
    restore = async () => {
      await run(back);
      for (const table of tables) await database.query(`ALTER TABLE ${table} ENABLE TRIGGER ALL`);
    };
  };

  it('finds a transaction that says something else in another cell', async () => {
    await client.transfer({ fromUserId: first, toUserId: second, asset, amount: 1n, reference: 'one' });
    await tampered(
      `UPDATE ledger_1.requests SET reference = 'two' WHERE reference = 'one'`,
      `UPDATE ledger_1.requests SET reference = 'one' WHERE reference = 'two'`,
    );
    const { valid, violations } = await reportOf(client);
    expect(valid).toBe(false);
    expect(violations).toMatchObject([
      { detail: expect.stringContaining('in cell 1 differs from that in its own cell') },
    ]);
  });

  it('finds an item that has another price in another cell', async () => {
    await client.putItem({ itemId: 'mug', name: 'Mug', asset, price: 3n, active: true });
    await tampered(
      'UPDATE ledger_1.item_versions SET price = 4',
      'UPDATE ledger_1.item_versions SET price = 3',
    );
    const { violations } = await reportOf(client);
    expect(violations).toMatchObject([
      { rule: 4, detail: 'version 1 of item mug is not the same in all 3 cells' },
    ]);
  });
});

async function reportOf(from: LedgerClient) {
  return (await verify(from)).report;
}
