import * as account from '@ledger/proto/ledger/v1/account_service';
import * as catalog from '@ledger/proto/ledger/v1/catalog_service';
import { MESSAGE_FIELDS } from '@ledger/proto/ledger/v1/fields';
import * as ledger from '@ledger/proto/ledger/v1/ledger_service';
import { LedgerClient } from './ledger-client';
import { LedgerError } from './ledger-error';
import { requestViolations } from './request-check';
import { replies, type ScriptedLedger, startScriptedLedger } from './testing';
import { toTimestamp } from './timestamp';

const credit = { userId: 'ada', asset: 'GOLD', amount: 5n };
const leg = { userId: 'ada', asset: 'GOLD', change: 5n };

function violations(message: string, request: unknown): string[] {
  return requestViolations(message, request, true).map(({ field, description }) => `${field} ${description}`);
}

it.each([
  [{ amount: 5 }, 'amount must be a bigint, not 5: write 5n'],
  [{ amount: 1.5 }, 'amount must be a bigint, not 1.5'],
  [{ amount: NaN }, 'amount must be a bigint, not NaN'],
  [{ amount: 2 ** 53 }, 'amount must be a bigint, not 9007199254740992'],
  [{ amount: true }, 'amount must be a bigint, not true'],
  [{ amount: '5' }, 'amount must be a bigint, not "5"'],
  [{ amount: '0x10' }, 'amount must be a bigint, not "0x10"'],
  [{ amount: [5n] }, 'amount must be a bigint, not an array'],
  [{ amount: 2n ** 63n }, 'amount must be an int64, not 9223372036854775808'],
  [{ amount: undefined }, 'amount is undefined'],
  [{ amount: null }, 'amount is null'],
  [{ userId: undefined }, 'user_id is undefined'],
  [{ userId: 7 }, 'user_id must be a string, not 7'],
  [{ description: 'a\ud800' }, 'description has half of a surrogate pair'],
  [{ reference: new Date() }, 'reference must be a string, not a Date'],
  [{ requestId: undefined }, 'request_id is undefined: leave it out for an id that the client makes'],
  [{ requestId: null }, 'request_id is null: leave it out for an id that the client makes'],
  [{ requestId: '' }, 'request_id is "": leave it out for an id that the client makes'],
  [{ requestID: 'order-1' }, 'requestID is not a field: write requestId'],
  [{ request_id: 'order-1' }, 'request_id is not a field: write requestId'],
  [{ effectiveTime: new Date(0) }, 'effective_time is a Date: use toTimestamp(date)'],
  [{ effectiveTime: 5 }, 'effective_time must be a Timestamp, not 5'],
  [{ effectiveTime: '2026-11-29' }, 'effective_time must be a Timestamp, not "2026-11-29"'],
  [
    { effectiveTime: { seconds: 5, nanos: 0 } },
    'effective_time must be a Timestamp: { seconds: bigint, nanos: 0 to 999999999 }',
  ],
  [
    { effectiveTime: { seconds: 5n, nanos: 1e9 } },
    'effective_time must be a Timestamp: { seconds: bigint, nanos: 0 to 999999999 }',
  ],
  [{ metadata: { order: 7 } }, 'metadata["order"] must be a string, not 7'],
  [{ metadata: new Map([[7, 'x']]) }, 'metadata[7] must be a string, not 7'],
  [{ metadata: ['x'] }, 'metadata must be an object or a Map of strings, not an array'],
])('refuses a credit with %j', (mistake, expected) => {
  expect(violations('CreditRequest', { ...credit, ...mistake })).toEqual([expected]);
});

it.each([
  ['CreditRequest', undefined, ['request must be an object, not undefined']],
  ['CreditRequest', { asset: 'GOLD' }, ['user_id is missing', 'amount is missing']],
  ['ListEntriesRequest', { ...credit, pageSize: '10' }, ['page_size must be a whole number, not "10"']],
  ['ListEntriesRequest', { ...credit, pageSize: 1.5 }, ['page_size must be a whole number, not 1.5']],
  ['ListEntriesRequest', { ...credit, kinds: 1 }, ['kinds must be an array, not 1']],
  [
    'ListEntriesRequest',
    { ...credit, kinds: ['CREDIT'] },
    ['kinds[0] must be one of EntryKind, not "CREDIT"'],
  ],
  ['BatchWriteRequest', { writes: [], atomic: 'false' }, ['atomic must be true or false, not "false"']],
  [
    'UpdateAccountRequest',
    { ...credit, updateMask: 'frozen' },
    ['update_mask must be an array of fields, such as [\'min_balance\'], not "frozen"'],
  ],
  [
    'PostTransactionRequest',
    { userId: 'ada', legs: [leg, { ...leg, change: -5 }] },
    ['legs[1].change must be a bigint, not -5: write -5n'],
  ],
  ['PurchaseRequest', { userId: 'ada' }, ['subject is missing']],
  [
    'PurchaseRequest',
    { userId: 'ada', item: { itemId: 'sword', quantity: 1n } },
    ['subject is missing', "item belongs into subject: { $case: 'item', value }"],
  ],
  [
    'PurchaseRequest',
    { userId: 'ada', subject: { $case: 'item', value: { itemId: 'sword', quantity: 1 } } },
    ['item.quantity must be a bigint, not 1: write 1n'],
  ],
  [
    'BatchWriteRequest',
    { writes: [{ write: { $case: 'credit', value: { ...credit, amount: 5, requestId: undefined } } }] },
    [
      'writes[0].credit.request_id is undefined: leave it out for an id that the client makes',
      'writes[0].credit.amount must be a bigint, not 5: write 5n',
    ],
  ],
  [
    'BatchWriteRequest',
    { writes: [{ write: { $case: 'credits', value: credit } }] },
    [
      expect.stringMatching(
        /^writes\[0\]\.write must be \{ \$case, value \}, with one of credit, purchase, /,
      ),
    ],
  ],
])('refuses a %s of %j', (message, request, expected) => {
  expect(violations(message, request)).toEqual(expected);
});

it('takes what the types allow, and what else an object has', () => {
  expect(violations('CreditRequest', credit)).toEqual([]);
  const full = {
    ...{ ...credit, requestId: 'r1', source: undefined, description: '👍', reference: '', balance: 1 },
    ...{ metadata: { a: 'b' }, effectiveTime: toTimestamp(new Date()) },
  };
  expect(violations('CreditRequest', full)).toEqual([]);
  expect(violations('CreditRequest', { ...full, metadata: new Map([['a', 'b']]) })).toEqual([]);
  expect(violations('WatchEntriesRequest', { userId: undefined })).toEqual([]);
  expect(violations('UpdateAccountRequest', { ...credit, updateMask: ['frozen'], frozen: true })).toEqual([]);
});

it('knows the fields of every message by the names that its code has', () => {
  const messages: Readonly<Record<string, unknown>> = { ...ledger, ...catalog, ...account };
  for (const [name, fields] of Object.entries(MESSAGE_FIELDS)) {
    const codec = messages[name] as { fromPartial(partial: object): object };
    expect(Object.keys(fields).sort()).toEqual(Object.keys(codec.fromPartial({})).sort());
  }
});

describe('a call with such a request', () => {
  let server: ScriptedLedger;
  let client: LedgerClient;

  beforeEach(async () => {
    server = await startScriptedLedger({ credit: [replies({ transaction: {}, balance: {} })] });
    client = new LedgerClient({ address: server.address });
  });
  afterEach(() => {
    client.close();
    server.close();
  });

  it('fails with the error that the ledger sends for others, and sends nothing', async () => {
    const mistaken = { ...credit, amount: 5 } as unknown as typeof credit;
    const error: unknown = await client.credit(mistaken).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LedgerError);
    expect(error).toMatchObject({
      message: 'credit: INVALID_ARGUMENT (INVALID_FIELD): amount must be a bigint, not 5: write 5n',
      reason: 'INVALID_FIELD',
      metadata: { field: 'amount' },
      details: { badRequest: { fieldViolations: [{ field: 'amount' }] } },
      attempts: 0,
      outcomeUnknown: false,
    });
    expect(server.calls).toEqual([]);
  });

  it('fails where it is read, when it is a list or a stream', async () => {
    const mistaken = { pageSize: '1' } as unknown as { pageSize: number };
    await expect(client.listItems(mistaken)).rejects.toMatchObject({ reason: 'INVALID_FIELD' });
    const watched = client.watchEntries({ userId: 7 } as unknown as { userId: string });
    await expect(watched.next()).rejects.toMatchObject({ metadata: { field: 'user_id' } });
    expect(server.calls).toEqual([]);
  });
});
