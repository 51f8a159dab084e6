import * as fc from 'fast-check';
import {
  type GetAccountRequest,
  type ListAccountsRequest,
  UpdateAccountRequest,
} from '@ledger/proto/ledger/v1/account_service';
import {
  type GetItemRequest,
  type ListItemsRequest,
  type ListItemVersionsRequest,
  PutItemRequest,
} from '@ledger/proto/ledger/v1/catalog_service';
import {
  type BatchGetBalancesRequest,
  type BatchWriteRequest,
  CaptureHoldRequest,
  CreditRequest,
  type GetBalanceRequest,
  type GetHoldRequest,
  type GetRequestRequest,
  GetTransactionRequest,
  Leg,
  type ListBalancesRequest,
  type ListEntriesRequest,
  type ListHoldsRequest,
  type ListTransactionsRequest,
  PlaceHoldRequest,
  PostTransactionRequest,
  PurchaseItem,
  PurchasePrice,
  PurchaseRequest,
  ReleaseHoldRequest,
  ReverseTransactionRequest,
  TransferRequest,
  type BatchWriteItem,
  type VerifyLedgerRequest,
  type WatchEntriesRequest,
} from '@ledger/proto/ledger/v1/ledger_service';

/** Requests of every served rpc for properties: each field good, or now and then odd: too long, empty, negative … */

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const INT32_MAX = 2 ** 31 - 1;
const INT32_MIN = -(2 ** 31);

/** How many of ten fields are good. */
const GOOD = 9;
const ODD = 1;

/** One of each class that some rule tells apart. */
const CHARACTERS = [
  ...[
    'a',
    'Z',
    '0',
    ' ',
    '!',
    '"',
    '/',
    ':',
    '.',
    '-',
    '_',
    '?',
    '@',
    'A',
    '~',
    '%',
    '\\',
    '\t',
    '\n',
    '\r',
    '\0',
  ],
  ...['\x1b', '\x7f', '\x80', 'é', 'ß', '\u2028', '\ufeff', '\ufffd', '名', '😀', 'e\u0301'],
];
/** Around every limit there is. */
const LENGTHS = [0, 1, 2, 32, 36, 62, 63, 64, 65, 66, 67, 68, 127, 128, 129, 255, 256, 257, 511, 512, 513];
const TOKEN_LENGTHS = [511, 512, 513, 16_383, 16_384, 16_385];

const character = fc.constantFrom(...CHARACTERS);
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.tuple(character, fc.constantFrom(...LENGTHS)).map(([text, length]) => text.repeat(length)),
);

/** Good text, or the same with a fault, or any. */
function text(good: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const invalid = fc
    .tuple(good, character, fc.nat(200))
    .map(([value, odd, at]) => value.slice(0, at) + odd + value.slice(at));
  const long = fc
    .tuple(good, fc.constantFrom('a', 'A', '0', 'é', '😀'), fc.constantFrom(...LENGTHS))
    .map(([value, filler, length]) => value + filler.repeat(Math.max(0, length - value.length)));
  return rarely(good, fc.oneof(invalid, long, anyText, fc.constant('')));
}

function rarely<T>(good: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ arbitrary: good, weight: GOOD }, { arbitrary: odd, weight: ODD });
}

/** Text of an alphabet, often as long as it may be. */
function word(first: string, rest: string, most: number): fc.Arbitrary<string> {
  const of = (alphabet: string): fc.Arbitrary<string> => fc.constantFrom(...alphabet);
  const tail = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
    fc.string({ unit: of(rest), minLength, maxLength });
  return fc
    .tuple(of(first), fc.oneof(tail(0, 8), tail(most - 1, most - 1)))
    .map(([head, more]) => head + more);
}

const printable = String.fromCharCode(...Array.from({ length: 95 }, (_, index) => 32 + index));
const visible = printable.slice(1);
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const named = `${letters}${letters.toLowerCase()}0123456789_.:-`;

const userId = word(visible.replace('@', ''), visible, 128);
const systemId = word(named, named, 127).map((name) => `@${name}`);
const assetCode = fc
  .tuple(word(letters, `${letters}0123456789_:.-`, 64), fc.constantFrom('', '', '/1', '/2', '/18', '/90'))
  .map(([code, scale]) => code + scale);
const itemId = word(visible, visible, 128);
const maybe = (good: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof(fc.constant(''), good);

const requestId = text(word(printable, printable, 128));
const user = text(fc.oneof({ arbitrary: userId, weight: 9 }, { arbitrary: systemId, weight: 1 }));
const person = text(userId);
const account = text(fc.oneof(userId, systemId));
const system = text(maybe(systemId));
const asset = rarely(
  text(assetCode),
  fc.tuple(assetCode, fc.constantFrom('/0', '/00', '/02', '/100')).map(([code, scale]) => code + scale),
);
const item = text(itemId);
const uuid = text(
  fc.oneof(
    fc.uuid(),
    fc.uuid().map((id) => id.toUpperCase()),
  ),
);
const pageToken = fc.oneof(
  { arbitrary: fc.constant(''), weight: 6 },
  { arbitrary: fc.base64String({ maxLength: 80 }), weight: 2 },
  {
    arbitrary: fc
      .tuple(character, fc.constantFrom(...TOKEN_LENGTHS))
      .map(([unit, length]) => unit.repeat(length)),
    weight: 1,
  },
);

const amount = rarely(
  fc.oneof(fc.bigInt(1n, 1_000_000n), fc.constant(INT64_MAX)),
  fc.constantFrom(0n, -1n, INT64_MIN),
);
const version = rarely(fc.oneof(fc.bigInt(0n, 9n), fc.constant(INT64_MAX)), fc.constantFrom(-1n, INT64_MIN));
const quantity = rarely(
  fc.oneof(fc.bigInt(1n, 9n), fc.constant(1_000_000n)),
  fc.constantFrom(0n, -1n, 1_000_001n, INT64_MAX, INT64_MIN),
);
const pageSize = rarely(
  fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.constant(INT32_MAX)),
  fc.constantFrom(-1, INT32_MIN),
);

const time = fc.option(
  rarely(
    fc.record({
      seconds: fc.oneof(
        fc.bigInt(0n, 2_000_000_000n),
        fc.constantFrom(-62_135_596_800n, 253_402_300_799n, -1n),
      ),
      nanos: fc.constantFrom(0, 1, 999, 1000, 999_999_999),
    }),
    fc.record({
      seconds: fc.constantFrom(-62_135_596_801n, 253_402_300_800n, INT64_MAX, INT64_MIN),
      nanos: fc.constantFrom(0, 999_999_999),
    }),
  ),
  { nil: undefined },
);

const pair = fc.tuple(
  text(
    fc.oneof(
      fc.string({ minLength: 1, maxLength: 8 }),
      fc.constantFrom('__proto__', 'k'.repeat(64), 'é'.repeat(32)),
    ),
  ),
  text(fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('v'.repeat(256), '名'.repeat(85)))),
);
const metadata = fc
  .oneof(
    { arbitrary: fc.array(pair, { maxLength: 3 }), weight: 12 },
    { arbitrary: fc.array(fc.tuple(fc.uuid(), fc.string()), { minLength: 15, maxLength: 18 }), weight: 1 },
  )
  .map((pairs) => new Map(pairs));

const annotations = {
  description: text(
    fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom('', 'd'.repeat(512), '😀'.repeat(128))),
  ),
  reference: text(maybe(word(printable, printable, 128))),
  metadata,
  effectiveTime: time,
};

export const credit: fc.Arbitrary<CreditRequest> = fc
  .record({ requestId, userId: user, asset, amount, source: system, ...annotations })
  .map((request) => CreditRequest.fromPartial(request));

const subject: fc.Arbitrary<PurchaseRequest['subject']> = fc.oneof(
  {
    arbitrary: fc
      .record({ itemId: item, quantity, priceVersion: version })
      .map((value) => ({ $case: 'item' as const, value: PurchaseItem.fromPartial(value) })),
    weight: 5,
  },
  {
    arbitrary: fc
      .record({ asset, amount, itemId: text(maybe(itemId)) })
      .map((value) => ({ $case: 'price' as const, value: PurchasePrice.fromPartial(value) })),
    weight: 5,
  },
  { arbitrary: fc.constant(undefined), weight: 1 },
);

export const purchase: fc.Arbitrary<PurchaseRequest> = fc
  .record({ requestId, userId: user, subject, destination: system, ...annotations })
  .map((request) => ({ ...PurchaseRequest.fromPartial({}), ...request }));

export const putItem: fc.Arbitrary<PutItemRequest> = fc
  .record({
    requestId,
    itemId: item,
    name: text(
      fc.oneof(fc.string({ minLength: 1, maxLength: 20 }), fc.constantFrom('n'.repeat(128), '名'.repeat(42))),
    ),
    asset,
    price: amount,
    active: fc.boolean(),
    grantAsset: text(maybe(assetCode)),
    expectedVersion: version,
    grantsWhatItCosts: rarely(fc.constant(false), fc.constant(true)),
  })
  .map(({ grantsWhatItCosts, ...request }) =>
    PutItemRequest.fromPartial({
      ...request,
      grantAsset: grantsWhatItCosts ? request.asset : request.grantAsset,
    }),
  );

const asOf: fc.Arbitrary<GetBalanceRequest['asOf']> = fc.oneof(
  fc.constant(undefined),
  time.map((value) => (value === undefined ? undefined : { $case: 'asOfTime' as const, value })),
  version.map((value) => ({ $case: 'asOfSequence' as const, value })),
);

export const getBalance: fc.Arbitrary<GetBalanceRequest> = fc.record({ userId: account, asset, asOf });

const kinds = rarely(
  fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }),
  fc.oneof(
    fc.array(fc.constantFrom(1, 6, 0, 7, -1, INT32_MAX, INT32_MIN), { minLength: 1, maxLength: 4 }),
    fc.array(fc.constant(1), { minLength: 16, maxLength: 17 }),
  ),
);

export const listEntries: fc.Arbitrary<ListEntriesRequest> = fc.record({
  userId: account,
  asset,
  pageSize,
  pageToken,
  startTime: time,
  endTime: time,
  kinds,
  order: rarely<number>(fc.integer({ min: 0, max: 2 }), fc.constantFrom(3, -1, INT32_MAX)),
});

export const getTransaction: fc.Arbitrary<GetTransactionRequest> = fc
  .record({ transactionId: uuid, userId: fc.oneof(fc.constant(''), user, person) })
  .map((request) => GetTransactionRequest.fromPartial(request));

export const getItem: fc.Arbitrary<GetItemRequest> = fc.record({ itemId: item, version });

export const listItems: fc.Arbitrary<ListItemsRequest> = fc.record({
  pageSize,
  pageToken,
  includeInactive: fc.boolean(),
});

export const transfer: fc.Arbitrary<TransferRequest> = fc
  .record({
    ...{ requestId, fromUserId: user, toUserId: user, asset, amount, ...annotations },
    toOneself: rarely(fc.constant(false), fc.constant(true)),
  })
  .map(({ toOneself, ...request }) =>
    TransferRequest.fromPartial({ ...request, ...(toOneself ? { toUserId: request.fromUserId } : {}) }),
  );

const expectedSequence = fc.option(version, { nil: undefined });
/** Two legs of one asset that sum to zero. */
const balanced: fc.Arbitrary<Leg[]> = fc
  .record({
    ...{ from: account, to: account, asset, change: amount },
    ...{ fromSequence: expectedSequence, toSequence: expectedSequence },
  })
  .map(({ from, to, asset: of, change, fromSequence, toSequence }) => [
    Leg.fromPartial({
      userId: from,
      asset: of,
      change: change === INT64_MIN ? change : -change,
      expectedSequence: fromSequence,
    }),
    Leg.fromPartial({ userId: to, asset: of, change, expectedSequence: toSequence }),
  ]);
/** As many as no transaction has, all of them good. */
const tooManyLegs = fc
  .integer({ min: 65, max: 66 })
  .map((count) =>
    Array.from({ length: count + (count % 2) }, (_, index) =>
      Leg.fromPartial({ userId: `user-${index}`, asset: 'GOLD', change: index % 2 === 0 ? 1n : -1n }),
    ),
  );
const legs: fc.Arbitrary<Leg[]> = fc.oneof(
  { arbitrary: fc.array(balanced, { minLength: 1, maxLength: 3 }).map((pairs) => pairs.flat()), weight: 20 },
  { arbitrary: balanced.map(([leg]) => (leg === undefined ? [] : [leg])), weight: 1 },
  { arbitrary: fc.array(balanced, { maxLength: 3 }).map((pairs) => pairs.flat().slice(1)), weight: 1 },
  { arbitrary: balanced.map((pair) => [...pair, ...pair]), weight: 1 },
  { arbitrary: tooManyLegs, weight: 1 },
);

export const postTransaction: fc.Arbitrary<PostTransactionRequest> = fc
  .record({
    requestId,
    userId: user,
    legs,
    ...annotations,
    owns: rarely(fc.constant(true), fc.constant(false)),
  })
  .map(({ owns, ...request }) => {
    const [first, ...others] = request.legs;
    const own =
      owns && first !== undefined ? [{ ...first, userId: request.userId }, ...others] : request.legs;
    return PostTransactionRequest.fromPartial({ ...request, legs: own });
  });

export const reverseTransaction: fc.Arbitrary<ReverseTransactionRequest> = fc
  .record({
    requestId,
    userId: user,
    transactionId: uuid,
    amount: version,
    description: annotations.description,
  })
  .map((request) => ReverseTransactionRequest.fromPartial(request));

export const placeHold: fc.Arbitrary<PlaceHoldRequest> = fc
  .record({ requestId, userId: user, asset, amount, expireTime: time, destination: system })
  .map((request) => PlaceHoldRequest.fromPartial(request));

export const captureHold: fc.Arbitrary<CaptureHoldRequest> = fc
  .record({ requestId, userId: user, holdId: uuid, amount: version })
  .map((request) => CaptureHoldRequest.fromPartial(request));

export const releaseHold: fc.Arbitrary<ReleaseHoldRequest> = fc
  .record({ requestId, userId: user, holdId: uuid })
  .map((request) => ReleaseHoldRequest.fromPartial(request));

const batchItem: fc.Arbitrary<BatchWriteItem> = fc
  .oneof<fc.Arbitrary<NonNullable<BatchWriteItem['write']> | undefined>[]>(
    credit.map((value) => ({ $case: 'credit', value })),
    purchase.map((value) => ({ $case: 'purchase', value })),
    transfer.map((value) => ({ $case: 'transfer', value })),
    postTransaction.map((value) => ({ $case: 'postTransaction', value })),
    reverseTransaction.map((value) => ({ $case: 'reverseTransaction', value })),
    placeHold.map((value) => ({ $case: 'placeHold', value })),
    captureHold.map((value) => ({ $case: 'captureHold', value })),
    releaseHold.map((value) => ({ $case: 'releaseHold', value })),
    fc.constant(undefined),
  )
  .map((write) => ({ write }));

export const batchWrite: fc.Arbitrary<BatchWriteRequest> = fc.record({
  requestId: fc.oneof(fc.constant(''), requestId),
  writes: fc.array(batchItem, { maxLength: 2 }),
  atomic: fc.boolean(),
  omitBodies: fc.boolean(),
});

export const batchGetBalances: fc.Arbitrary<BatchGetBalancesRequest> = fc.record({
  accounts: fc.oneof(
    { arbitrary: fc.array(fc.record({ userId: account, asset }), { maxLength: 3 }), weight: 9 },
    {
      arbitrary: fc
        .integer({ min: 1000, max: 1001 })
        .map((length) => Array.from({ length }, () => ({ userId: 'ada', asset: 'GOLD' }))),
      weight: 1,
    },
  ),
  asOfTime: time,
});

export const listBalances: fc.Arbitrary<ListBalancesRequest> = fc.record({
  ...{ userId: account, asOfTime: time, pageSize, pageToken },
});

export const listTransactions: fc.Arbitrary<ListTransactionsRequest> = fc.record({
  userId: fc.oneof(fc.constant(''), user, person),
  reference: fc.oneof(fc.constant(''), annotations.reference),
  ...{ pageSize, pageToken, startTime: time, endTime: time, kinds },
  order: rarely<number>(fc.integer({ min: 0, max: 2 }), fc.constantFrom(3, -1, INT32_MAX)),
});

export const getRequest: fc.Arbitrary<GetRequestRequest> = fc.record({
  userId: text(fc.oneof(userId, systemId, fc.constantFrom('@catalog', '@batch'))),
  requestId,
});

export const getHold: fc.Arbitrary<GetHoldRequest> = fc.record({ userId: user, holdId: uuid });

export const listHolds: fc.Arbitrary<ListHoldsRequest> = fc.record({
  ...{ userId: user, asset: text(maybe(assetCode)), pageSize, pageToken },
  states: rarely(
    fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }),
    fc.oneof(
      fc.array(fc.constantFrom(1, 4, 0, 5, -1, INT32_MAX, INT32_MIN), { minLength: 1, maxLength: 4 }),
      fc.array(fc.constant(1), { minLength: 8, maxLength: 9 }),
    ),
  ),
});

export const listItemVersions: fc.Arbitrary<ListItemVersionsRequest> = fc.record({
  ...{ itemId: item, pageSize, pageToken },
});

const anyAccount = fc.oneof(fc.constant(''), account);

export const getAccount: fc.Arbitrary<GetAccountRequest> = fc.record({ userId: account, asset });

export const listAccounts: fc.Arbitrary<ListAccountsRequest> = fc.record({
  ...{ userId: anyAccount, pageSize, pageToken },
  userIdPrefix: rarely(
    fc.oneof(fc.constant(undefined), fc.constantFrom('', '@', 'a', '~'.repeat(128)), userId),
    fc.constantFrom(' ', 'a b', 'é', '\x7f', 'a'.repeat(129)),
  ),
});

export const updateAccount: fc.Arbitrary<UpdateAccountRequest> = fc
  .record({
    ...{ requestId, userId: user, asset, metadata, frozen: fc.boolean() },
    minBalance: rarely(fc.constantFrom(0n, 1n, -1n, INT64_MAX, -INT64_MAX), fc.constant(INT64_MIN)),
    updateMask: rarely<string[] | undefined>(
      fc.array(fc.constantFrom('min_balance', 'frozen', 'metadata'), { minLength: 1, maxLength: 4 }),
      fc.oneof(
        fc.constant(undefined),
        fc.array(fc.constantFrom('min_balance', 'minBalance', 'etag', '*', ''), { maxLength: 2 }),
      ),
    ),
    etag: fc.oneof(
      { arbitrary: fc.constantFrom('', '1', 'e'.repeat(64), '😀'.repeat(64)), weight: 9 },
      { arbitrary: fc.constantFrom('e'.repeat(65), '😀'.repeat(65)), weight: 1 },
    ),
  })
  .map((request) => ({ ...UpdateAccountRequest.fromPartial({}), ...request }));

export const watchEntries: fc.Arbitrary<WatchEntriesRequest> = fc.record({
  userId: anyAccount,
  asset: text(maybe(assetCode)),
  resumeToken: pageToken,
  fromStart: fc.boolean(),
});

export const verifyLedger: fc.Arbitrary<VerifyLedgerRequest> = fc.record({ userId: anyAccount });
