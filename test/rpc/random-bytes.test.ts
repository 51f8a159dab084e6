import { status } from '@grpc/grpc-js';
import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import * as fc from 'fast-check';
import { AccountServiceService } from '@ledger/proto/ledger/v1/account_service';
import {
  CatalogServiceService,
  GetItemRequest,
  ListItemsRequest,
  PutItemRequest,
} from '@ledger/proto/ledger/v1/catalog_service';
import {
  CreditRequest,
  GetBalanceRequest,
  GetTransactionRequest,
  LedgerServiceService,
  ListEntriesRequest,
  PurchaseRequest,
} from '@ledger/proto/ledger/v1/ledger_service';
import * as requests from '../model/arbitrary-requests';
import { checkLedger } from '../harness/check-ledger';
import { checkHealth } from '../harness/health-client';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import type { RawAnswer } from '../harness/raw-client';
import { refusalOf } from '../harness/refusal';

/** Sent together, as callers would. */
const VOLLEY = 24;

/** What a caller may be told of bytes that it made up: anything but a fault of the server. */
const HARMLESS = [
  ...[status.OK, status.INVALID_ARGUMENT, status.NOT_FOUND, status.ALREADY_EXISTS],
  ...[status.FAILED_PRECONDITION, status.ABORTED, status.OUT_OF_RANGE, status.UNIMPLEMENTED],
  // With a reason, so the server's: a balance as of an instant that is far ahead is never settled in time.
  status.DEADLINE_EXCEEDED,
];

let ledger: LedgerUnderTest;

beforeAll(async () => {
  ledger = await startLedger(1);
});
afterAll(() => ledger.dispose());

const served: readonly (readonly [path: string, messages: fc.Arbitrary<Uint8Array>])[] = [
  [LedgerServiceService.credit.path, messagesOf(CreditRequest, requests.credit)],
  [LedgerServiceService.purchase.path, messagesOf(PurchaseRequest, requests.purchase)],
  [LedgerServiceService.getBalance.path, messagesOf(GetBalanceRequest, requests.getBalance)],
  [LedgerServiceService.listEntries.path, messagesOf(ListEntriesRequest, requests.listEntries)],
  [LedgerServiceService.getTransaction.path, messagesOf(GetTransactionRequest, requests.getTransaction)],
  [CatalogServiceService.putItem.path, messagesOf(PutItemRequest, requests.putItem)],
  [CatalogServiceService.getItem.path, messagesOf(GetItemRequest, requests.getItem)],
  [CatalogServiceService.listItems.path, messagesOf(ListItemsRequest, requests.listItems)],
];
const contract = [LedgerServiceService, CatalogServiceService, AccountServiceService];
const others = contract
  .flatMap((service) => Object.values<{ path: string; responseStream: boolean }>(service))
  .filter(({ path, responseStream }) => !responseStream && !served.some(([known]) => known === path))
  .map(({ path }) => path);
const foreign = [
  '/grpc.health.v1.Health/Check',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
];

describe.each(served)('%s', (path, messages) => {
  afterAll(expectUnharmed);

  it('judges random bytes', async () => {
    await sendVolleys(path, fc.uint8Array({ maxLength: 200 }), 6, expectJudged);
  });

  it('judges messages that were bent', async () => {
    await sendVolleys(path, bent(messages), 10, expectJudged);
  });

  it.each<[what: string, bytes: () => Buffer]>([
    ['groups in groups, sixty thousand deep', () => Buffer.alloc(60_000, 0x0b)],
    ['a field longer than the message', () => Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x61])],
    ['a varint without an end', () => Buffer.alloc(64, 0xff)],
    ['text that is no UTF-8', () => bothFirstFields([0xc3, 0x28])],
    ['half of a surrogate pair as UTF-8', () => bothFirstFields([0xed, 0xa0, 0x80])],
    ['the end of a group that never began', () => Buffer.from([0x0c, 0x08, 0x01])],
    ['a field of number zero', () => Buffer.from([0x00, 0x01])],
  ])('refuses %s as no message of its own', async (_what, bytes) => {
    const answer = await ledger.raw().send({ path, bytes: bytes() });
    const expected = { code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD', domain: 'ledger.v1', fields: [''] };
    expect(refusalOf(answer)).toMatchObject(expected);
  });
});

describe('every other rpc', () => {
  afterAll(expectUnharmed);

  it.each(others)('%s judges random bytes', async (path) => {
    await sendVolleys(path, fc.uint8Array({ maxLength: 200 }), 2, expectJudged);
  });
});

describe('what the ledger itself does not answer', () => {
  afterAll(expectUnharmed);

  // Other people's services: their library answers INTERNAL for what it cannot read.
  it.each(foreign)('%s answers whatever the bytes', async (path) => {
    await sendVolleys(path, fc.uint8Array({ maxLength: 100 }), 4, ({ code }) => {
      expect(code).not.toBe(status.DEADLINE_EXCEEDED);
      expect(code).not.toBe(status.UNAVAILABLE);
    });
  });

  it.each(['/ledger.v1.LedgerService/Burn', '/ledger.v2.LedgerService/Credit', '/', '/credit', '/%00/%00'])(
    'a method that is not there, %j, is UNIMPLEMENTED',
    async (path) => {
      expect((await ledger.raw().send({ path, bytes: Buffer.alloc(0) })).code).toBe(status.UNIMPLEMENTED);
    },
  );
});

/** One of the first two fields is text in every request. */
function bothFirstFields(text: number[]): Buffer {
  return Buffer.from([0x0a, text.length, ...text, 0x12, text.length, ...text]);
}

function messagesOf<Request>(
  codec: { encode(request: Request): BinaryWriter },
  arbitrary: fc.Arbitrary<Request>,
): fc.Arbitrary<Uint8Array> {
  return arbitrary.map((request) => codec.encode(request).finish());
}

/** Messages with a few bytes changed, cut out, put in or doubled. */
function bent(messages: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const bend = fc.record({
    at: fc.nat(),
    length: fc.nat(12),
    kind: fc.constantFrom('overwrite', 'cut', 'insert', 'double', 'end'),
    bytes: fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.constantFrom(new Uint8Array(10).fill(0xff), new Uint8Array(4), Uint8Array.of(0x80)),
    ),
  });
  return fc.tuple(messages, fc.array(bend, { minLength: 1, maxLength: 4 })).map(([message, bends]) => {
    let bytes = Buffer.from(message);
    for (const { at, length, kind, bytes: put } of bends) {
      const position = at % (bytes.length + 1);
      const before = bytes.subarray(0, position);
      const piece = bytes.subarray(position, position + length);
      const after = bytes.subarray(position + length);
      const middle = { overwrite: [put], cut: [], insert: [put, piece], double: [piece, piece], end: [] }[
        kind
      ];
      bytes = Buffer.concat(kind === 'end' ? [before] : [before, ...middle, after]);
    }
    return bytes;
  });
}

async function sendVolleys(
  path: string,
  messages: fc.Arbitrary<Uint8Array>,
  volleys: number,
  expectAnswer: (answer: RawAnswer) => void,
): Promise<void> {
  const volley = fc.array(messages, { minLength: VOLLEY, maxLength: VOLLEY });
  await fc.assert(
    fc.asyncProperty(volley, async (several) => {
      const answers = await Promise.all(
        several.map((bytes) => ledger.raw().send({ path, bytes: Buffer.from(bytes) })),
      );
      answers.forEach(expectAnswer);
    }),
    { numRuns: volleys },
  );
}

function expectJudged(answer: RawAnswer): void {
  expect(HARMLESS).toContain(answer.code);
  if (answer.code === status.OK || answer.code === status.UNIMPLEMENTED) return;
  expect(refusalOf(answer)).toMatchObject({
    domain: 'ledger.v1',
    reason: expect.stringMatching(/^[A-Z_]+$/),
  });
}

async function expectUnharmed(): Promise<void> {
  const { address, faults } = ledger.servers[0]!;
  expect(await checkHealth(address)).toBe('SERVING');
  const { balance } = await ledger.client().credit({ userId: 'afterwards', asset: 'GOLD', amount: 1n });
  expect(balance.sequence).toBe(balance.balance);
  expect(faults).toEqual([]);
  expect(await checkLedger(ledger.database)).toEqual([]);
}
