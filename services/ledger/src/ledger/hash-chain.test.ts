import * as fc from 'fast-check';
import { GENESIS_HASH } from './account';
import { entryHash, transactionDigest, type DigestLeg } from './hash-chain';
import { EntryKind, type Entry, type TransactionHeader } from './transaction';

const header: TransactionHeader = {
  ...{ transactionId: '019aa1b2-c3d4-7e5f-8a0b-0c0d0e0f1011', kind: EntryKind.PURCHASE, userId: 'ada' },
  ...{ requestId: 'req-1', caller: 'shop', createTime: 1_763_640_000_123_456n, effectiveTime: -1n },
  ...{ description: 'für Ada', reference: 'ref-1' },
  metadata: [
    ['a', '1'],
    ['é', '2'],
  ],
  item: { itemId: 'mug', name: 'Mug', priceVersion: 3n, unitPrice: 5n, quantity: 2n },
  reversesTransactionId: '019aa1b2-c3d4-7000-8000-00000000000a',
};
const legs: readonly DigestLeg[] = [
  { userId: 'ada', asset: 'GOLD', stripe: 0, change: -10n },
  { userId: '@revenue', asset: 'GOLD', stripe: 7, change: 10n },
];
// What it has to be is in docs/hash-vectors.json, which a test holds the code against.
const digest = transactionDigest(header, legs);
const entry: Omit<Entry, 'hash'> = {
  ...{ userId: 'ada', asset: 'GOLD', stripe: 0 },
  ...{ sequence: 1n, change: -10n, balanceAfter: 90n, debitsAfter: 10n, effectiveTime: -1n },
};

describe('changes with', () => {
  const text = fc.string({ maxLength: 8 });
  const int64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
  const int128 = fc.bigInt(-(2n ** 127n), 2n ** 127n - 1n);
  const fields: { readonly [K in keyof TransactionHeader]: fc.Arbitrary<TransactionHeader[K]> } = {
    transactionId: fc.uuid(),
    kind: fc.constantFrom(...Object.values(EntryKind)),
    userId: text,
    requestId: text,
    caller: text,
    createTime: int64,
    effectiveTime: fc.option(int64),
    description: text,
    reference: text,
    metadata: fc.array(fc.tuple(text, text), { maxLength: 3 }),
    item: fc.option(
      fc.record({ itemId: text, name: text, priceVersion: int64, unitPrice: int64, quantity: int64 }),
    ),
    reversesTransactionId: fc.option(fc.uuid()),
  };
  const leg = fc.record({ userId: text, asset: text, stripe: fc.nat(63), change: int64 });

  it.each(Object.keys(fields) as (keyof TransactionHeader)[])('every change of %s', (name) => {
    expectInjective(fields[name] as fc.Arbitrary<unknown>, (value) =>
      transactionDigest({ ...header, [name]: value }, legs),
    );
  });

  it.each(['itemId', 'name', 'priceVersion', 'unitPrice', 'quantity'] as const)(
    'every change of the %s of its item',
    (name) => {
      const values: fc.Arbitrary<unknown> = name === 'itemId' || name === 'name' ? text : int64;
      expectInjective(values, (value) =>
        transactionDigest({ ...header, item: { ...header.item!, [name]: value } }, legs),
      );
    },
  );

  it('every change of its legs, their number and their order', () => {
    expectInjective(fc.array(leg, { maxLength: 4 }), (value) => transactionDigest(header, value));
    expect(transactionDigest(header, [...legs].reverse())).not.toEqual(digest);
  });

  it.each(['userId', 'asset', 'stripe', 'change'] as const)('every change of the %s of a leg', (name) => {
    const values: fc.Arbitrary<unknown> = { userId: text, asset: text, stripe: fc.nat(63), change: int64 }[
      name
    ];
    expectInjective(values, (value) => transactionDigest(header, [legs[0]!, { ...legs[1]!, [name]: value }]));
  });

  const partsOfEntry = {
    ...{ userId: text, asset: text, stripe: fc.nat(63), sequence: int64, change: int64 },
    ...{ balanceAfter: int128, debitsAfter: int128, effectiveTime: fc.option(int64) },
  };
  it.each(Object.keys(partsOfEntry) as (keyof typeof partsOfEntry)[])(
    'every change of the %s of an entry',
    (name) => {
      const values: fc.Arbitrary<unknown> = partsOfEntry[name];
      expectInjective(values, (value) => entryHash(GENESIS_HASH, digest, { ...entry, [name]: value }));
    },
  );

  it('every change of the digest and of the hash before', () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
    expectInjective(hash, (value) => entryHash(value, digest, entry));
    expectInjective(hash, (value) => entryHash(GENESIS_HASH, value, entry));
  });
});

/** Two values hash alike only when they are the same. */
function expectInjective<T>(values: fc.Arbitrary<T>, hashOf: (value: T) => Buffer): void {
  const written = (value: T): string =>
    JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part));
  fc.assert(
    fc.property(values, values, (a, b) => {
      expect(hashOf(a).equals(hashOf(b))).toBe(written(a) === written(b));
    }),
    { numRuns: 60 },
  );
}
