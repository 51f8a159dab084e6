import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { BatchWriteItem } from '@ledger/client';
import { batchCommands } from '../../services/ledger/src/handlers/batch-commands';
import { answerMaxBytes, SUMMARY_MAX_BYTES } from '../../services/ledger/src/mapping/answer-size';
import { readBatchRequest } from '../../services/ledger/src/mapping/batch-request';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { rawCalls } from '../harness/raw-calls';

/** Before a batch is booked its answer is taken to be as long as it may become: it must never become longer. */

const INT64_MAX = 2n ** 63n - 1n;
const long = (text: string, length = 128): string => text.repeat(length).slice(0, length);
const asset = `${long('A', 64)}/99`;
const otherAsset = `${long('B', 64)}/99`;
const source = `@${long('s', 127)}`;
const destination = `@${long('d', 127)}`;
const otherUser = long('o');
const annotations = {
  description: long('é', 256),
  reference: long('r'),
  metadata: Object.fromEntries(
    Array.from({ length: 16 }, (_, n) => [`${String(n).padStart(2, '0')}${long('k', 62)}`, long('ü', 128)]),
  ),
  effectiveTime: { seconds: 253_402_300_799n, nanos: 999_999_000 },
};

let ledger: LedgerUnderTest;
let users = 0;
let userId: string;

beforeAll(async () => {
  ledger = await startLedger(1);
  await ledger.client().putItem({
    ...{ itemId: long('i'), name: long('n'), asset, price: 1n, active: true, grantAsset: otherAsset },
  });
});
afterAll(() => ledger.dispose());
beforeEach(async () => {
  userId = long(`u${(users += 1)}-`);
  await ledger.client().credit({ userId, asset, amount: INT64_MAX / 1_000n, source });
});

const ids = (): { requestId: string; userId: string } => ({ requestId: long(`r${Math.random()}`), userId });

it.each<[what: string, make: () => BatchWriteItem | Promise<BatchWriteItem>]>([
  ['a credit', () => credit({ amount: 1n, ...annotations })],
  ['a credit without texts', () => credit({ amount: 1n, source: '' })],
  ['a credit that overflows', () => credit({ amount: INT64_MAX })],
  ['a purchase by price', () => purchase(price(1n), annotations)],
  ['a purchase that cannot be paid', () => purchase(price(INT64_MAX), annotations)],
  ['a purchase of an item', () => purchase(item(1_000n), annotations)],
  ['a purchase of no item', () => purchase({ ...item(1n), value: { itemId: long('x'), quantity: 1n } }, {})],
  [
    'a purchase at no version',
    () => purchase({ ...item(1n), value: { ...item(1n).value, priceVersion: 9n } }, {}),
  ],
  ['a transfer', () => transfer({ amount: 1n, ...annotations })],
  ['a transfer that cannot be paid', () => transfer({ amount: INT64_MAX })],
  ['a posting of two legs', () => post(2)],
  ['a posting of 64 legs', () => post(64, annotations)],
  ['a posting that is stale', () => post(64, {}, 999n)],
  ['a reversal of 64 legs', async () => reversal(await posted(64))],
  ['a reversal of two legs', async () => reversal(await posted(2))],
  ['a reversal of nothing', () => reversal('00000000-0000-7000-8000-000000000000')],
  ['a hold', () => placeHold(1n)],
  ['a hold that cannot be paid', () => placeHold(INT64_MAX)],
  ['a capture', async () => capture(await held())],
  ['a capture of nothing', () => capture('00000000-0000-7000-8000-000000000000')],
  ['a release', async () => release(await held())],
])('%s', async (_what, make) => {
  const writes = [await make()];
  const call = rawCalls.batchWrite({ writes });
  const [command] = await batchCommands(readBatchRequest(new BinaryReader(call.bytes)));
  const most = answerMaxBytes(command!);
  for (const turn of ['first', 'replayed']) {
    const { code, bytes } = await ledger.raw().send(call);
    expect([turn, code]).toEqual([turn, 0]);
    expect(bytes.length / 2).toBeLessThanOrEqual(most);
  }
  const { bytes } = await ledger.raw().send(rawCalls.batchWrite({ writes: writes.map(changed) }));
  expect(bytes.length / 2).toBeLessThanOrEqual(most);
  const summary = await ledger.raw().send(rawCalls.batchWrite({ writes, omitBodies: true }));
  expect(summary.bytes.length / 2).toBeLessThanOrEqual(SUMMARY_MAX_BYTES);
});

/** Another write under the same request id. */
function changed({ write }: BatchWriteItem): BatchWriteItem {
  const otherId = '00000000-0000-7000-8000-000000000009';
  const other = { amount: 7n, description: 'other', holdId: otherId, transactionId: otherId };
  return { write: { ...write, value: { ...write.value, ...other } } as BatchWriteItem['write'] };
}

function credit(fields: object): BatchWriteItem {
  return { write: { $case: 'credit', value: { ...ids(), asset, amount: 1n, source, ...fields } } };
}

type Subject = Extract<BatchWriteItem['write'], { $case: 'purchase' }>['value']['subject'];

function price(amount: bigint): Subject {
  return { $case: 'price', value: { asset, amount, itemId: long('p') } };
}

function item(quantity: bigint): Extract<Subject, { $case: 'item' }> {
  return { $case: 'item', value: { itemId: long('i'), quantity } };
}

function purchase(subject: Subject, fields: object): BatchWriteItem {
  return { write: { $case: 'purchase', value: { ...ids(), subject, destination, ...fields } } };
}

function transfer(fields: { amount: bigint }): BatchWriteItem {
  const { requestId } = ids();
  const value = { requestId, fromUserId: userId, toUserId: otherUser, asset, ...fields };
  return { write: { $case: 'transfer', value } };
}

function post(count: number, fields: object = {}, expectedSequence?: bigint): BatchWriteItem {
  const legs = Array.from({ length: count }, (_, n) => ({
    userId: n === 0 ? userId : long(`l${n}-`),
    ...{ asset, change: n % 2 === 0 ? -1n : 1n, ...(n === 0 ? { expectedSequence } : {}) },
  }));
  // All but the owner are in credit.
  const others = legs.map((leg) => (leg.userId === userId ? leg : { ...leg, change: 1n }));
  const debit = -BigInt(count - 1);
  return {
    write: {
      $case: 'postTransaction',
      value: {
        ...ids(),
        legs: others.map((leg) => (leg.userId === userId ? { ...leg, change: debit } : leg)),
        ...fields,
      },
    },
  };
}

async function posted(count: number): Promise<string> {
  const { write } = post(count, annotations);
  if (write.$case !== 'postTransaction') throw new TypeError('it is a posting');
  return (await ledger.client().postTransaction(write.value)).transaction.transactionId;
}

function reversal(transactionId: string): BatchWriteItem {
  const value = { ...ids(), transactionId, description: long('é', 256) };
  return { write: { $case: 'reverseTransaction', value } };
}

function placeHold(amount: bigint): BatchWriteItem {
  const expireTime = { seconds: 253_402_300_799n, nanos: 999_999_000 };
  return { write: { $case: 'placeHold', value: { ...ids(), asset, amount, destination, expireTime } } };
}

async function held(): Promise<string> {
  const { write } = placeHold(3n);
  if (write.$case !== 'placeHold') throw new TypeError('it is a hold');
  return (await ledger.client().placeHold(write.value)).hold.holdId;
}

function capture(holdId: string): BatchWriteItem {
  return { write: { $case: 'captureHold', value: { ...ids(), holdId, amount: 2n } } };
}

function release(holdId: string): BatchWriteItem {
  return { write: { $case: 'releaseHold', value: { ...ids(), holdId } } };
}
