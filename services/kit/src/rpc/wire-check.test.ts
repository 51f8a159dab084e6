import { BatchWriteRequest, PostTransactionRequest } from '@ledger/proto/ledger/v1/ledger_service';
import { wireCheck } from './wire-check';

const SERVICE = '/ledger.v1.LedgerService';
const post = wireCheck(`${SERVICE}/PostTransaction`);
const batch = wireCheck(`${SERVICE}/BatchWrite`);
const listEntries = wireCheck(`${SERVICE}/ListEntries`);

const leg = { userId: 'ada', asset: 'GOLD', change: 1n };

/** A field of messages, each empty: two bytes for an object. */
function emptyMessages(field: number, count: number): Buffer {
  return Buffer.alloc(2 * count, Buffer.from([(field << 3) | 2, 0]));
}

it('takes what the contract allows', () => {
  const metadata = new Map(Array.from({ length: 16 }, (_, index) => [`key-${index}`, 'value']));
  const legs = Array.from({ length: 64 }, () => leg);
  post(
    PostTransactionRequest.encode(
      PostTransactionRequest.fromPartial({ requestId: 'r', legs, metadata }),
    ).finish(),
  );
  const credit = { requestId: 'r', userId: 'ada', asset: 'GOLD', amount: 1n };
  const writes = Array.from({ length: 10_000 }, () => ({
    write: { $case: 'credit' as const, value: credit },
  }));
  batch(BatchWriteRequest.encode(BatchWriteRequest.fromPartial({ writes })).finish());
  listEntries(Buffer.from([]));
});

it.each<[what: string, check: (bytes: Buffer) => void, bytes: Buffer, message: string]>([
  ['a list', post, emptyMessages(3, 129), 'legs must be 2 to 64'],
  ['a list of 2 million', batch, emptyMessages(2, 2_000_000), 'writes must be 1 to 10000'],
  [
    'fields that nobody knows',
    post,
    Buffer.alloc(3_000_000, Buffer.from([0xa0, 0x06, 0])),
    'too many fields',
  ],
])('refuses %s that is too long, and names it', (_what, check, bytes, message) => {
  expect(() => check(bytes)).toThrow(message);
});

it.each<[what: string, bytes: number[]]>([
  ['is cut off in a tag', [0x80]],
  ['is cut off in a length', [0x0a, 0x80]],
  ['is cut off in a text', [0x0a, 5, 0x61]],
  ['is cut off in a number', [0x09, 1]],
  ['has a number of no end', [0x08, ...Array.from({ length: 11 }, () => 0x80)]],
  ['has a field without a number', [0x00, 0]],
  ['has a wire type that there is not', [0x0f, 0]],
  ['ends a group that did not begin', [0x0c]],
])('finds that it is no message when it %s', (_what, bytes) => {
  expect(() => post(Buffer.from(bytes))).toThrow(RangeError);
});

it('says nothing of a method that is in no contract', () => {
  expect(() => wireCheck('/no.such.Service/Method')(Buffer.from([0xff]))).not.toThrow();
});
