import fc from 'fast-check';

/** A write before it is known what there is that it may refer to: numbers that choose among it. */
export interface Draft {
  readonly kind: DraftKind;
  readonly requestId: string;
  /** Which user, and which of the others. */
  readonly user: number;
  readonly other: number;
  /** Which asset, and which of the others. */
  readonly asset: number;
  readonly otherAsset: number;
  readonly amount: bigint;
  /** A payment of more than anybody has. */
  readonly tooDear: boolean;
  /** How many quarters of what is there are captured or reversed; 0: all, by default. */
  readonly quarters: number;
  /** How far back to look for what it refers to; null: something that there is not. */
  readonly back: number | null;
  /** Refers to what belongs to somebody else. */
  readonly isStranger: boolean;
  readonly item: number;
  readonly quantity: bigint;
  /** The price version to pay or to replace: 0 stands for whatever it is, null for the latest that is known. */
  readonly version: bigint | null;
  readonly price: bigint;
  readonly isActive: boolean;
  readonly grants: 'nothing' | 'granted' | 'asset';
  /** Of the system: where value comes from or goes to; empty is the default. */
  readonly counterpart: string;
  /** A transaction in two assets, or with the system. */
  readonly isExchange: boolean;
  readonly isWithSystem: boolean;
  /** The sequence that a leg expects, from the latest that is known; null: none. */
  readonly expects: bigint | null;
  /** How soon a hold expires, for worlds in which it may; null: never. */
  readonly expiresAfterMs: number | null;
  readonly settings: {
    readonly mask: readonly ('frozen' | 'min_balance' | 'metadata')[];
    readonly isFrozen: boolean;
    readonly minBalance: bigint;
    readonly etag: 'none' | 'latest' | 'stale';
  };
  readonly description: string;
  /** In the order in which they are sent. */
  readonly metadata: readonly (readonly [string, string])[];
}

export type DraftKind =
  | 'credit'
  | 'pay'
  | 'buy'
  | 'put'
  | 'transfer'
  | 'post'
  | 'reverse'
  | 'hold'
  | 'capture'
  | 'release'
  | 'settings';

/** Request ids that come again and again. The others are unique. */
export const CONTESTED_IDS = ['r0', 'r1'];

const HUGE = 2n ** 63n - 1n;
/** Text that some layer on the way to the disk might take for something else. */
const ODD = `NULL "\\{},'\n\u{1F600}`;

const common = {
  kind: weighted<DraftKind>([
    [5, 'credit'],
    [3, 'pay'],
    [4, 'buy'],
    [2, 'put'],
    [3, 'transfer'],
    [3, 'post'],
    [3, 'reverse'],
    [3, 'hold'],
    [2, 'capture'],
    [1, 'release'],
    [2, 'settings'],
  ]),
  requestId: fc.oneof(
    { weight: 5, arbitrary: fc.uuid() },
    { weight: 1, arbitrary: fc.constantFrom(...CONTESTED_IDS) },
  ),
  user: fc.nat(9),
  other: fc.nat(8),
  asset: fc.nat(5),
  otherAsset: fc.nat(4),
  tooDear: fc.constantFrom(true, ...falses(9)),
  quarters: fc.constantFrom(0, 0, 1, 2, 3, 4, 5),
  back: weighted<number | null>([[1, null], ...Array.from({ length: 12 }, (_, n) => [2, n] as const)]),
  isStranger: fc.constantFrom(true, ...falses(14)),
  item: fc.nat(19),
  version: fc.constantFrom(0n, 0n, 0n, null, 1n, 2n, 3n),
  isActive: fc.constantFrom(false, true, true, true, true, true),
  counterpart: fc.constantFrom('', '@default', '@bank'),
  isExchange: fc.boolean(),
  isWithSystem: fc.constantFrom(true, false, false),
  expects: fc.constantFrom(null, null, null, null, 0n, 0n, 1n),
  expiresAfterMs: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 1_500 })),
  settings: fc.record({
    mask: fc.constantFrom<Draft['settings']['mask'][]>(
      ['frozen'],
      ['min_balance'],
      ['frozen', 'min_balance'],
      ['metadata', 'frozen'],
      ['min_balance', 'metadata'],
    ),
    isFrozen: fc.constantFrom(true, false, false, false),
    minBalance: fc.constantFrom(0n, 0n, -25n, 5n),
    etag: fc.constantFrom('none' as const, 'none' as const, 'latest' as const, 'stale' as const),
  }),
  description: fc.constantFrom('', '', 'päid', ODD),
  metadata: fc.constantFrom<Draft['metadata'][]>(
    [],
    [],
    [
      ['a', ODD],
      ['ß', '2'],
    ],
    [
      ['ß', '2'],
      ['a', ODD],
    ],
    [[ODD, '']],
  ),
};

/** Drafts of writes that a careful caller sends. */
const draft: fc.Arbitrary<Draft> = fc.record({
  ...common,
  amount: fc.bigInt(1n, 40n),
  quantity: fc.constantFrom(1n, 1n, 1n, 2n, 2n, 3n),
  price: fc.constantFrom(1n, 2n, 5n, 7n, 20n),
  grants: fc.constantFrom('nothing' as const, 'granted' as const),
});

/** The same, and now and then malformed, or with numbers that overflow. */
export const anyDraft: fc.Arbitrary<Draft> = fc.record({
  ...common,
  amount: fc.oneof(
    { weight: 40, arbitrary: fc.bigInt(1n, 40n) },
    // All that somebody has at the beginning.
    { weight: 3, arbitrary: fc.constantFrom(100n, 60n) },
    { weight: 1, arbitrary: fc.constantFrom(0n, -1n) },
    { weight: 1, arbitrary: fc.constantFrom(HUGE, HUGE / 2n + 1n) },
  ),
  quantity: fc.constantFrom(1n, 1n, 1n, 1n, 1n, 2n, 2n, 2n, 3n, 3n, 0n, 1_000_000n),
  price: fc.constantFrom(1n, 2n, 2n, 5n, 5n, 7n, 7n, 20n, 0n, HUGE / 2n),
  grants: fc.constantFrom<Draft['grants'][]>('nothing', 'granted', 'nothing', 'granted', 'asset'),
});

/** A draft that succeeds when there is enough of everything; for others to be made of. */
export function plainDraft(): Draft {
  return {
    ...{
      kind: 'credit',
      requestId: '',
      user: 0,
      other: 0,
      asset: 0,
      otherAsset: 0,
      amount: 5n,
      tooDear: false,
    },
    ...{
      quarters: 0,
      back: 0,
      isStranger: false,
      item: 0,
      quantity: 1n,
      version: 0n,
      price: 5n,
      isActive: true,
    },
    ...{ grants: 'nothing', counterpart: '', isExchange: false, isWithSystem: false, expects: null },
    ...{ expiresAfterMs: null, description: '', metadata: [] },
    settings: { mask: ['min_balance'], isFrozen: false, minBalance: 0n, etag: 'none' },
  };
}

/** Endless drafts that a seed repeats. */
export function* draftsFrom(seed: number): Generator<Draft, never> {
  for (let next = seed; ; next += 1) yield* fc.sample(draft, { seed: next | 0, numRuns: 100 });
}

function weighted<T>(choices: readonly (readonly [weight: number, value: T])[]): fc.Arbitrary<T> {
  return fc.oneof(...choices.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })));
}

function falses(count: number): false[] {
  return Array.from({ length: count }, () => false as const);
}
