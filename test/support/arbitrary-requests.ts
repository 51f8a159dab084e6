import * as fc from 'fast-check';
import {
  type GetItemRequest,
  type ListItemsRequest,
  PutItemRequest,
} from '../../services/ledger/src/gen/ledger/v1/catalog_service';
import {
  CreditRequest,
  type GetBalanceRequest,
  GetTransactionRequest,
  type ListEntriesRequest,
  PurchaseItem,
  PurchasePrice,
  PurchaseRequest,
} from '../../services/ledger/src/gen/ledger/v1/ledger_service';

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
const TOKEN_LENGTHS = [511, 512, 513, 1023, 1024, 1025];

const character = fc.constantFrom(...CHARACTERS);
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.tuple(character, fc.constantFrom(...LENGTHS)).map(([text, length]) => text.repeat(length)),
);

/** Good text, or the same with a flaw, or any. */
function text(good: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const flawed = fc
    .tuple(good, character, fc.nat(200))
    .map(([value, odd, at]) => value.slice(0, at) + odd + value.slice(at));
  const long = fc
    .tuple(good, fc.constantFrom('a', 'A', '0', 'é', '😀'), fc.constantFrom(...LENGTHS))
    .map(([value, filler, length]) => value + filler.repeat(Math.max(0, length - value.length)));
  return rarely(good, fc.oneof(flawed, long, anyText, fc.constant('')));
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
  .tuple(word(letters, `${letters}0123456789_:.-`, 64), fc.constantFrom('', '', '/0', '/2', '/18', '/99'))
  .map(([code, scale]) => code + scale);
const itemId = word(visible, visible, 128);
const maybe = (good: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof(fc.constant(''), good);

const requestId = text(word(printable, printable, 128));
const user = text(fc.oneof({ arbitrary: userId, weight: 9 }, { arbitrary: systemId, weight: 1 }));
const person = text(userId);
const account = text(fc.oneof(userId, systemId));
const system = text(maybe(systemId));
const asset = text(assetCode);
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
