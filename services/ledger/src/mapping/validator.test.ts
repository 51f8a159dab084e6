import { CallError } from '@ledger/kit/rpc/call-error';
import type { Timestamp } from '@ledger/proto/google/protobuf/timestamp';
import { RequestValidator } from './validator';

/**
 * Each rule of a field alone, with values on both sides of its edges. That the rules are those of the protos, and that
 * each field of each request has its own, shape-rules.test.ts shows.
 */

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;

const printable = String.fromCharCode(...Array.from({ length: 95 }, (_, index) => 32 + index));
const strayCharacters = ['a\0', 'a\n', '\na', 'a\x7f', 'a\t', 'é', '名', '😀'];

/** What neither a user, an item nor a scope can be. */
const invalidWords = ['', 'a'.repeat(129), 'a b', ' a', 'a ', ...strayCharacters];
const invalidUsers = [...invalidWords, '@issuance', '@'];
const invalidAccounts = [...invalidWords, '@', `@${'a'.repeat(128)}`, '@a/b', '@@a', '@a b', '@a\n'];
const invalidSystemAccounts = [
  'ada',
  '@',
  `@${'a'.repeat(128)}`,
  '@a/b',
  '@@a',
  '@a b',
  '@a\0',
  '@a\n',
  '@é',
];
const invalidAssets = [
  ...['gold', 'Gold', '2GOLD', '_A', 'A'.repeat(65), 'USD/', 'USD/123', 'USD/A', 'USD/2/2', '/2'],
  // USD/2 and USD are named in one way only.
  ...['USD/02', 'USD/00', 'USD/0'],
  ...['A B', 'A\0', 'A\n', 'É', ' A'],
];
const invalidUuids = [
  '',
  'first',
  '0193e2a0000070008000000000000001',
  '{0193e2a0-0000-7000-8000-000000000001}',
  '0193e2a0-0000-7000-8000-00000000000g',
  '0193e2a0-0000-7000-8000-000000000001\n',
  '0193e2a0-0000-7000-8000-0000000000011',
  '0193e2a0-0000-7000-8000-00000000000\0',
];
const words = ['a', '!', '~', '"', printable.slice(1).replace('@', ''), 'a'.repeat(128)];
const systemAccounts = ['@a', `@${'a'.repeat(127)}`, '@aZ0_.:-'];
const assets = ['A', 'GOLD', 'USD/1', 'USD/2', 'USD/10', 'USD/99', 'A0_:.-', `${'A'.repeat(64)}/99`];
const positive = [1n, INT64_MAX];
const notPositive = [0n, -1n, INT64_MIN];

/** What a rule takes, and what it does not. */
interface Values<T> {
  readonly valid: readonly T[];
  readonly invalid: readonly T[];
}

interface Rule {
  /** The valid values that are refused. */
  readonly refused: () => readonly unknown[];
  /** The invalid values that are taken, or told more than one fault. */
  readonly taken: () => readonly unknown[];
}

it.each<[rule: string, Rule]>([
  [
    'a request id',
    rule((check, value: string) => check.requestId(value), {
      valid: ['a', ' ', printable, 'a'.repeat(128)],
      invalid: ['', 'a'.repeat(129), 'a'.repeat(3_000_000), ...strayCharacters],
    }),
  ],
  [
    'a user',
    rule((check, value: string) => check.userId('user_id', value), {
      valid: [...words, 'a@'],
      invalid: invalidUsers,
    }),
  ],
  [
    'a user that may be left out',
    rule((check, value: string) => check.optionalUserId('user_id', value), {
      valid: ['', ...words],
      invalid: invalidUsers.slice(1),
    }),
  ],
  [
    'a user or a system account',
    rule((check, value: string) => check.accountUserId('user_id', value), {
      valid: [...words, ...systemAccounts],
      invalid: invalidAccounts,
    }),
  ],
  [
    'a system account that may be left out',
    rule((check, value: string) => check.systemAccount('source', value, '@default'), {
      valid: ['', ...systemAccounts],
      invalid: invalidSystemAccounts,
    }),
  ],
  [
    'an asset',
    rule((check, value: string) => check.asset('asset', value), {
      valid: assets,
      invalid: ['', ...invalidAssets],
    }),
  ],
  [
    'an asset that may be left out',
    rule((check, value: string) => check.optionalAsset('asset', value), {
      valid: ['', ...assets],
      invalid: invalidAssets,
    }),
  ],
  [
    'an item',
    rule((check, value: string) => check.itemId('item_id', value), {
      valid: [...words, '@a'],
      invalid: invalidWords,
    }),
  ],
  [
    'an item that may be left out',
    rule((check, value: string) => check.optionalItemId('item_id', value), {
      valid: ['', ...words, '@a'],
      invalid: invalidWords.slice(1),
    }),
  ],
  [
    'the scope of a request',
    rule((check, value: string) => check.scope('user_id', value), {
      valid: [...words, '@catalog', '@batch'],
      invalid: invalidWords,
    }),
  ],
  [
    'a UUID',
    rule((check, value: string) => check.uuid('hold_id', value), {
      valid: ['0193e2a0-0000-7000-8000-000000000001', 'FFFFFFFF-ffff-7FFF-bfff-ffffffffffff'],
      invalid: invalidUuids,
    }),
  ],
  [
    'a name',
    rule((check, value: string) => check.name('name', value), {
      valid: ['a', 'a'.repeat(128), 'é'.repeat(64), '\n'],
      invalid: ['', 'a'.repeat(129), 'é'.repeat(65), 'a\0b'],
    }),
  ],
  [
    'a description',
    rule((check, value: string) => check.description(value), {
      valid: ['', 'a'.repeat(512), '😀'.repeat(128), '\n\x7f'],
      invalid: ['a'.repeat(513), 'é'.repeat(257), 'a\0b'],
    }),
  ],
  [
    'a reference',
    rule((check, value: string) => check.reference(value), {
      valid: ['', printable, 'a'.repeat(128)],
      invalid: ['a'.repeat(129), ...strayCharacters],
    }),
  ],
  [
    'a signed amount',
    rule((check, value: bigint) => check.negatable('min_balance', value), {
      valid: [0n, 1n, -1n, INT64_MIN + 1n, INT64_MAX],
      invalid: [INT64_MIN],
    }),
  ],
  [
    'a signed amount that must not be zero',
    rule((check, value: bigint) => check.change('change', value), {
      valid: [1n, -1n, INT64_MIN + 1n, INT64_MAX],
      invalid: [0n, INT64_MIN],
    }),
  ],
  [
    'an amount that must be positive',
    rule((check, value: bigint) => check.positive('amount', value), {
      valid: positive,
      invalid: notPositive,
    }),
  ],
  [
    'a number that must not be negative',
    rule((check, value: bigint) => check.notNegative('version', value), {
      valid: [0n, ...positive],
      invalid: [-1n, INT64_MIN],
    }),
  ],
  [
    'a quantity',
    rule((check, value: bigint) => check.quantity('quantity', value), {
      valid: [1n, 1_000_000n],
      invalid: [...notPositive, 1_000_001n, INT64_MAX],
    }),
  ],
  [
    'a time',
    rule((check, value: Timestamp | undefined) => check.optionalTime('as_of_time', value), {
      valid: [
        undefined,
        { seconds: -62_135_596_800n, nanos: 0 },
        { seconds: 253_402_300_799n, nanos: 999_999_999 },
      ],
      invalid: [
        { seconds: -62_135_596_801n, nanos: 999_999_999 },
        { seconds: 253_402_300_800n, nanos: 0 },
        { seconds: INT64_MAX, nanos: 0 },
        { seconds: INT64_MIN, nanos: 0 },
        // A rule of protovalidate compares instants, so only these tests see nanoseconds out of range.
        { seconds: 0n, nanos: -1 },
        { seconds: 0n, nanos: 1_000_000_000 },
      ],
    }),
  ],
  [
    'a number of an enum',
    rule((check, value: number) => check.enumValue('order', value, [0, 1, 2]), {
      valid: [0, 1, 2],
      invalid: [3, -1, INT32_MIN, INT32_MAX],
    }),
  ],
  [
    'a page size',
    rule((check, value: number) => check.pageSize(value), {
      valid: [0, 1, 1_000, 1_001, INT32_MAX],
      invalid: [-1, INT32_MIN],
    }),
  ],
  [
    'a page token',
    rule((check, value: string) => check.pageToken(value), {
      valid: ['', 'a'.repeat(16_384), '😀'.repeat(16_384)],
      invalid: ['a'.repeat(16_385), '😀'.repeat(16_385), 'a'.repeat(1_000_000)],
    }),
  ],
  [
    'an etag',
    rule((check, value: string) => check.etag(value), {
      valid: ['', 'e'.repeat(64), '😀'.repeat(64)],
      invalid: ['e'.repeat(65), '😀'.repeat(65)],
    }),
  ],
  [
    'pairs of metadata',
    rule((check, value: ReadonlyMap<string, string>) => check.metadata('metadata', value), {
      valid: [new Map(), pairs(16), pair('k'.repeat(64), 'v'.repeat(256)), pair('é'.repeat(32), '')],
      invalid: [
        ...[pairs(17), pairs(200_000)],
        ...[pair('', 'v'), pair('k'.repeat(65), 'v'), pair('é'.repeat(33), 'v'), pair('a\0b', 'v')],
        ...[pair('k', 'v'.repeat(257)), pair('k', 'é'.repeat(129)), pair('k', 'a\0b')],
      ],
    }),
  ],
])('%s is valid up to its limits and not beyond', (_rule, { refused, taken }) => {
  expect(refused()).toEqual([]);
  expect(taken()).toEqual([]);
});

describe('the path that is named', () => {
  it('is that of the pair of metadata', () => {
    const fields = (key: string, value: string): string[] =>
      violatedBy((check) => check.metadata('metadata', pair(key, value)));
    expect(fields('k', 'a\0')).toEqual(['metadata["k"]']);
    expect(fields('a\0b', 'v')).toEqual(['metadata["a\\u0000b"]']);
    expect(fields('', '')).toEqual(['metadata[""]']);
    expect(violatedBy((check) => check.metadata('metadata', pairs(17)))).toEqual(['metadata']);
  });

  it('begins with the message that the field is in', () => {
    const fields = violatedBy((check) => check.within('writes[3]').within('credit').positive('amount', 0n));
    expect(fields).toEqual(['writes[3].credit.amount']);
  });

  it('is that of every annotation', () => {
    const fields = violatedBy((check) =>
      check.annotations({
        ...{ description: '\0', reference: 'é', metadata: pairs(17) },
        effectiveTime: { seconds: 0n, nanos: -1 },
      }),
    );
    expect(fields).toEqual(['description', 'reference', 'effective_time', 'metadata']);
  });
});

function rule<T>(
  check: (validator: RequestValidator, value: T) => unknown,
  { valid, invalid }: Values<T>,
): Rule {
  const faultsOf = (value: T): number => violatedBy((validator) => check(validator, value)).length;
  return {
    refused: () => valid.filter((value) => faultsOf(value) > 0),
    taken: () => invalid.filter((value) => faultsOf(value) !== 1),
  };
}

/** The fields at fault. */
function violatedBy(check: (validator: RequestValidator) => unknown): string[] {
  const validator = new RequestValidator();
  check(validator);
  try {
    validator.throwIfInvalid();
    return [];
  } catch (error) {
    if (!(error instanceof CallError) || error.reason !== 'INVALID_FIELD') throw error;
    return (error.violations ?? []).map(({ field }) => field);
  }
}

function pair(key: string, value: string): ReadonlyMap<string, string> {
  return new Map([[key, value]]);
}

function pairs(count: number): ReadonlyMap<string, string> {
  return new Map(Array.from({ length: count }, (_, index) => [`key-${index}`, 'v']));
}
