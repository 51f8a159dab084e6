import fc from 'fast-check';
import { type RawCall } from '../harness/raw-client';
import { rawCalls } from '../harness/raw-calls';

/** A write out of a small world, in which the same users, assets, items and request ids come again and again. */
export type RandomCommand = { readonly requestId: string } & (
  | {
      readonly kind: 'credit';
      readonly user: string;
      readonly asset: string;
      readonly amount: bigint;
      /** Empty: the default. */
      readonly source: string;
      readonly notes: Notes;
    }
  | {
      readonly kind: 'pay';
      readonly user: string;
      readonly asset: string;
      readonly amount: bigint;
      /** Empty: the default. */
      readonly destination: string;
      readonly notes: Notes;
    }
  | {
      readonly kind: 'buy';
      readonly user: string;
      readonly item: string;
      readonly quantity: bigint;
      /** 0: the current one. */
      readonly version: bigint;
      readonly destination: string;
      readonly notes: Notes;
    }
  | {
      readonly kind: 'put';
      readonly item: string;
      readonly asset: string;
      readonly price: bigint;
      readonly active: boolean;
      /** Empty: none. */
      readonly grant: string;
      /** 0: no guard. */
      readonly expected: bigint;
    }
);

/** What a caller says beside the movement. */
export interface Notes {
  readonly description: string;
  /** In the order in which they are sent. */
  readonly metadata: readonly (readonly [string, string])[];
}

/** A change of an account's settings. By SQL: the ledger's own way is tested elsewhere. */
export interface Settings {
  readonly kind: 'settings';
  readonly user: string;
  readonly asset: string;
  readonly frozen: boolean;
  readonly minBalance: bigint;
}

/** An earlier command of the run once more, counted backwards. */
export interface Repeat {
  readonly kind: 'repeat';
  readonly back: number;
}

export const USERS = ['u0', 'u1'];
export const ASSETS = ['GOLD', 'PEEP'];
export const SYSTEM_ACCOUNTS = ['@issuance', '@revenue', '@bank'];
export const GRANTED = 'TICKET';

const SMALL_REQUEST_IDS = ['r0', 'r1'];
const HUGE = 2n ** 63n - 1n;
/** What users begin with; also comes as an amount, so that a balance is spent to the last. */
const SAVINGS = { u0: 100n, u1: 60n };

const user = fc.constantFrom(...USERS);
const asset = fc.constantFrom(...ASSETS);
const item = fc.constantFrom('i0', 'i1');
/** Text that some layer on the way to the disk might take for something else. */
const ODD = `NULL "\\{},'\n\u{1F600}`;
const notes: fc.Arbitrary<Notes> = fc.record({
  description: fc.constantFrom('', '', 'päid', ODD),
  metadata: fc.constantFrom<Notes['metadata'][]>(
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
});
const requestId = fc.oneof(
  { weight: 3, arbitrary: fc.uuid() },
  { weight: 1, arbitrary: fc.constantFrom(...SMALL_REQUEST_IDS) },
);
const amount = fc.oneof(
  { weight: 30, arbitrary: fc.bigInt(1n, 40n) },
  { weight: 3, arbitrary: fc.constantFrom(SAVINGS.u0, SAVINGS.u1) },
  { weight: 1, arbitrary: fc.constantFrom(0n, -1n) },
  { weight: 1, arbitrary: fc.constantFrom(HUGE, HUGE / 2n + 1n) },
);

const credit = fc.record({
  kind: fc.constant('credit' as const),
  ...{ requestId, user, asset, amount, notes },
  source: fc.constantFrom('', '@issuance', '@bank'),
});
const pay = fc.record({
  kind: fc.constant('pay' as const),
  ...{ requestId, user, asset, amount, notes },
  destination: fc.constantFrom('', '@revenue', '@bank'),
});
const buy = fc.record({
  kind: fc.constant('buy' as const),
  ...{ requestId, user, item, notes },
  quantity: fc.constantFrom(1n, 1n, 1n, 2n, 2n, 3n, 0n, 1_000_000n),
  version: fc.constantFrom(0n, 0n, 1n, 2n, 3n),
  destination: fc.constantFrom('', '@bank'),
});
const put = fc.record({
  kind: fc.constant('put' as const),
  ...{ requestId, item, asset },
  price: fc.constantFrom(1n, 2n, 5n, 7n, 20n, 0n, HUGE / 2n),
  active: fc.constantFrom(true, true, true, false),
  grant: fc.constantFrom('', GRANTED, 'GOLD'),
  expected: fc.constantFrom(0n, 0n, 0n, 1n, 2n),
});
const write: fc.Arbitrary<RandomCommand> = fc.oneof(
  { weight: 4, arbitrary: credit },
  { weight: 3, arbitrary: pay },
  { weight: 5, arbitrary: buy },
  { weight: 2, arbitrary: put },
);
const settings: fc.Arbitrary<Settings> = fc.record({
  kind: fc.constant('settings' as const),
  ...{ user, asset },
  frozen: fc.constantFrom(true, false, false),
  minBalance: fc.constantFrom(0n, 0n, -25n, 5n),
});
const repeat: fc.Arbitrary<Repeat> = fc.record({
  kind: fc.constant('repeat' as const),
  back: fc.nat(10),
});

/** What most runs begin with, so that there is something to sell and something to spend. */
const prelude: readonly RandomCommand[] = [
  putOf('i0', { price: 5n, grant: '' }),
  putOf('i0', { price: 7n, grant: GRANTED }),
  putOf('i1', { price: 2n, grant: 'PEEP' }),
  creditOf('u0', SAVINGS.u0),
  creditOf('u1', SAVINGS.u1),
];
const start = fc.oneof(
  { weight: 3, arbitrary: fc.constant(prelude) },
  { weight: 1, arbitrary: fc.constant([]) },
);

/** Writes for many callers at once, some of them sent several times. */
export const randomWrites = (length: number): fc.Arbitrary<RandomCommand[]> =>
  withPrelude(
    fc
      .array(fc.tuple(write, fc.constantFrom(1, 1, 1, 2, 3)), {
        ...{ minLength: length, maxLength: length, size: 'max' as const },
      })
      .map((writes) => writes.flatMap(([command, copies]) => Array.from({ length: copies }, () => command))),
  );

/** Steps for one caller, one after another. */
export const randomSteps = (length: number): fc.Arbitrary<(RandomCommand | Settings | Repeat)[]> =>
  withPrelude(
    fc.array(
      fc.oneof(
        { weight: 14, arbitrary: write },
        { weight: 1, arbitrary: settings },
        { weight: 1, arbitrary: repeat },
      ),
      { maxLength: length, size: 'max' },
    ),
  );

function withPrelude<Step>(steps: fc.Arbitrary<Step[]>): fc.Arbitrary<(RandomCommand | Step)[]> {
  return fc.tuple(start, steps).map(([before, after]) => [...before, ...after]);
}

function putOf(itemId: string, { price, grant }: { price: bigint; grant: string }): RandomCommand {
  const requestIdOfPut = `prelude-${itemId}-${price}`;
  const version = { asset: 'GOLD', price, active: true, grant, expected: 0n };
  return { kind: 'put', requestId: requestIdOfPut, item: itemId, ...version };
}

function creditOf(userId: string, credited: bigint): RandomCommand {
  const said = { description: '', metadata: [] };
  return {
    ...{ kind: 'credit' as const, requestId: 'prelude', user: userId, asset: 'GOLD', amount: credited },
    ...{ source: '', notes: said },
  };
}

/** Gives a run names of its own, since runs share a database: of users, items, assets and requests of the catalog. */
export function inRun<Step extends RandomCommand | Settings>(run: string, step: Step): Step {
  const named: Record<string, unknown> = { ...step };
  if ('user' in step) named['user'] = `${run}.${step.user}`;
  if ('item' in step) named['item'] = `${run}.${step.item}`;
  if ('asset' in step) named['asset'] = assetInRun(run, step.asset);
  if ('grant' in step && step.grant !== '') named['grant'] = assetInRun(run, step.grant);
  if (step.kind === 'put') named['requestId'] = `${run}.${step.requestId}`;
  // Only names changed.
  return named as Step;
}

/** An asset of a run. */
export function assetInRun(run: string, name: string): string {
  return `${name}:${run}`;
}

/** The command as it goes over the wire. */
export function callOf(command: RandomCommand): RawCall {
  switch (command.kind) {
    case 'put':
      return rawCalls.putItem({
        ...{ requestId: command.requestId, itemId: command.item, name: nameOf(command.item) },
        ...{ asset: command.asset, price: command.price, active: command.active },
        ...{ grantAsset: command.grant, expectedVersion: command.expected },
      });
    case 'credit': {
      const { asset: credited, amount: value, source } = command;
      return rawCalls.credit({ ...commonOf(command), asset: credited, amount: value, source });
    }
    case 'pay': {
      const value = { asset: command.asset, amount: command.amount };
      return rawCalls.purchase({ ...commonOf(command), subject: { $case: 'price', value } });
    }
    case 'buy': {
      const value = { itemId: command.item, quantity: command.quantity, priceVersion: command.version };
      return rawCalls.purchase({ ...commonOf(command), subject: { $case: 'item', value } });
    }
  }
}

/** The name under which an item is put. */
export function nameOf(itemId: string): string {
  return `The ${itemId}`;
}

function commonOf(command: Exclude<RandomCommand, { kind: 'put' }>) {
  const { requestId: id, user: userId, notes: said } = command;
  return {
    ...{ requestId: id, userId, description: said.description, metadata: Object.fromEntries(said.metadata) },
    ...(command.kind === 'credit' ? {} : { destination: command.destination }),
  };
}

/** The namespace of its request id. */
export function scopeOf(command: RandomCommand): string {
  return command.kind === 'put' ? '@catalog' : command.user;
}

/** Equal for commands that mean the same. */
export function contentOfCommand(command: RandomCommand): string {
  const plain: Record<string, unknown> = { ...command, requestId: undefined };
  if (command.kind === 'credit') plain['source'] = command.source || '@issuance';
  if (command.kind === 'pay' || command.kind === 'buy')
    plain['destination'] = command.destination || '@revenue';
  if (command.kind !== 'put') {
    plain['notes'] = { ...command.notes, metadata: [...command.notes.metadata].sort() };
  }
  return JSON.stringify(plain, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}

/** Whether its shape is as the contract wants it. */
export function isWellFormed(command: RandomCommand): boolean {
  switch (command.kind) {
    case 'credit':
    case 'pay':
      return command.amount >= 1n;
    case 'buy':
      return command.quantity >= 1n;
    case 'put':
      return command.price >= 1n && command.grant !== command.asset;
  }
}
