import type { Timestamp } from '@ledger/proto/google/protobuf/timestamp';

/** Values that no field of a kind takes, each with what is wrong with it. */
export type Flaws<T> = readonly (readonly [flaw: string, value: T])[];

const INT64_MIN = -(2n ** 63n);

const strayCharacters: Flaws<string> = [
  ['NUL', 'a\0'],
  ['a line break at the end', 'a\n'],
  ['DEL', 'a\x7f'],
  ['a letter beyond ASCII', 'é'],
];

/** Ids of items, and what is common to ids of users. */
export const flawedWords: Flaws<string> = [
  ['missing', ''],
  ['129 characters', 'a'.repeat(129)],
  ['a space', 'a b'],
  ...strayCharacters,
];

export const flawedRequestIds: Flaws<string> = [
  ['missing', ''],
  ['129 characters', 'a'.repeat(129)],
  ['three million characters', 'a'.repeat(3_000_000)],
  ...strayCharacters,
];

/** Where a person is wanted. */
export const flawedUsers: Flaws<string> = [
  ...flawedWords,
  ['a system account', '@issuance'],
  ['nothing but @', '@'],
];

/** Where a person or a system account is wanted. */
export const flawedAccounts: Flaws<string> = [
  ...flawedWords,
  ['nothing but @', '@'],
  ['@ and 128 characters', `@${'a'.repeat(128)}`],
  ['a system account with a slash', '@a/b'],
];

/** Where a system account may be named. */
export const flawedSystemAccounts: Flaws<string> = [
  ['a person', 'ada'],
  ['nothing but @', '@'],
  ['@ and 128 characters', `@${'a'.repeat(128)}`],
  ['a slash', '@a/b'],
  ['@ twice', '@@a'],
  ['a space', '@a b'],
  ['NUL', '@a\0'],
  ['a letter beyond ASCII', '@é'],
];

/** Where an asset may be left out. */
export const flawedOptionalAssets: Flaws<string> = [
  ['lower case', 'gold'],
  ['a digit first', '2GOLD'],
  ['65 characters', 'A'.repeat(65)],
  ['a slash without a scale', 'USD/'],
  ['a scale of three digits', 'USD/123'],
  ['a scale of letters', 'USD/A'],
  ['two scales', 'USD/2/2'],
  ['a space', 'A B'],
  ['NUL', 'A\0'],
  ['a line break at the end', 'A\n'],
  ['a letter beyond ASCII', 'É'],
];

export const flawedAssets: Flaws<string> = [['missing', ''], ...flawedOptionalAssets];

export const flawedReferences: Flaws<string> = [['129 characters', 'a'.repeat(129)], ...strayCharacters];

/** Lengths count bytes of UTF-8. */
export const flawedDescriptions: Flaws<string> = [
  ['513 bytes', 'a'.repeat(513)],
  ['257 characters of 514 bytes', 'é'.repeat(257)],
  ['NUL', 'a\0b'],
];

export const flawedNames: Flaws<string> = [
  ['missing', ''],
  ['129 bytes', 'a'.repeat(129)],
  ['65 characters of 130 bytes', 'é'.repeat(65)],
  ['NUL', 'a\0b'],
];

export const flawedAmounts: Flaws<bigint> = [
  ['zero', 0n],
  ['minus one', -1n],
  ['the least of int64', INT64_MIN],
];

export const flawedQuantities: Flaws<bigint> = [
  ...flawedAmounts,
  ['one more than a million', 1_000_001n],
  ['the most of int64', 2n ** 63n - 1n],
];

export const flawedVersions: Flaws<bigint> = [
  ['minus one', -1n],
  ['the least of int64', INT64_MIN],
];

export const flawedPageSizes: Flaws<number> = [
  ['minus one', -1],
  ['the least of int32', -(2 ** 31)],
];

export const flawedUuids: Flaws<string> = [
  ['missing', ''],
  ['a word', 'first'],
  ['without dashes', '0193e2a0000070008000000000000001'],
  ['in braces', '{0193e2a0-0000-7000-8000-000000000001}'],
  ['a letter beyond f', '0193e2a0-0000-7000-8000-00000000000g'],
  ['a line break at the end', '0193e2a0-0000-7000-8000-000000000001\n'],
  ['too long', '0193e2a0-0000-7000-8000-0000000000011'],
  ['NUL', '0193e2a0-0000-7000-8000-00000000000\0'],
];

export const flawedTimes: Flaws<Timestamp> = [
  ['before the year 1', { seconds: -62_135_596_801n, nanos: 999_999_999 }],
  ['after the year 9999', { seconds: 253_402_300_800n, nanos: 0 }],
  ['the most of int64', { seconds: 2n ** 63n - 1n, nanos: 0 }],
  ['negative nanoseconds', { seconds: 0n, nanos: -1 }],
  ['nanoseconds of a second', { seconds: 0n, nanos: 1_000_000_000 }],
];

/** Each with the path that is named. */
export const flawedMetadata: readonly (readonly [
  flaw: string,
  value: ReadonlyMap<string, string>,
  path: string,
])[] = [
  ['17 pairs', manyPairs(17), 'metadata'],
  ['200,000 pairs', manyPairs(200_000), 'metadata'],
  ['a key of nothing', new Map([['', 'v']]), 'metadata[""]'],
  ['a key of 65 bytes', new Map([['k'.repeat(65), 'v']]), `metadata["${'k'.repeat(65)}"]`],
  ['a key of 33 characters and 66 bytes', new Map([['é'.repeat(33), 'v']]), `metadata["${'é'.repeat(33)}"]`],
  ['a key with NUL', new Map([['a\0b', 'v']]), 'metadata["a\\u0000b"]'],
  ['a value of 257 bytes', new Map([['k', 'v'.repeat(257)]]), 'metadata["k"]'],
  ['a value of 129 characters and 258 bytes', new Map([['k', 'é'.repeat(129)]]), 'metadata["k"]'],
  ['a value with NUL', new Map([['k', 'a\0b']]), 'metadata["k"]'],
];

function manyPairs(count: number): ReadonlyMap<string, string> {
  return new Map(Array.from({ length: count }, (_, index) => [`key-${index}`, 'v']));
}
