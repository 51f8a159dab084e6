import type { Timestamp } from '@ledger/client';
import type { KnownState } from '../faults/known-state';
import type { Draft } from './draft';
import type { Write } from './write';

/** The names in which writes happen: few, so that they meet. */
export interface World {
  readonly users: readonly string[];
  readonly assets: readonly string[];
  /** What items grant beside that. */
  readonly grantedAsset: string;
  readonly items: readonly string[];
  /** Goes before request ids of the catalog, which all worlds share. */
  readonly prefix: string;
  /** When a hold expires that does so after a time. */
  readonly expiry: (afterMs: number) => Timestamp;
}

export const UNKNOWN_ITEM = 'no-such-item';
/** Of no transaction and no hold. */
export const UNKNOWN_ID = '01900000-0000-7000-8000-000000000000';

const MAX_INT64 = 2n ** 63n - 1n;
/** Nobody will ever have so much. */
const TOO_DEAR = 10n ** 15n;

/** What runs begin with, so that there is something to sell and something to spend. */
export function prelude({ users, assets, grantedAsset, items, prefix }: World): Write[] {
  const puts = items.flatMap((itemId, n) =>
    [5n, 7n].map((price, turn): Write => {
      const value = { requestId: `${prefix}prelude-${itemId}-${price}`, itemId, name: nameOf(itemId), price };
      const grantAsset = turn === 0 ? '' : grantedAsset;
      return { $case: 'putItem', value: { ...value, asset: pick(assets, n), active: true, grantAsset } };
    }),
  );
  const credits = users.flatMap((userId, n) =>
    assets.map((asset, turn): Write => {
      const value = { requestId: `prelude-${turn}`, userId, asset, amount: n % 2 === 0 ? 100n : 60n };
      return { $case: 'credit', value };
    }),
  );
  return [...puts, ...credits];
}

/** The write that a draft becomes in a world of which this much is known. */
export function writeOfDraft(draft: Draft, world: World, known: KnownState): Write {
  const { kind, requestId, amount, counterpart, description, metadata } = draft;
  const userId = pick(world.users, draft.user);
  const asset = pick(world.assets, draft.asset);
  const base = { requestId, description, metadata: new Map(metadata) };
  const system = (fallback: string): string => (counterpart === '@default' ? fallback : counterpart);
  switch (kind) {
    case 'credit':
      return {
        $case: 'credit',
        value: { ...base, userId, asset, amount: amount * doubled(amount), source: system('@issuance') },
      };
    case 'pay': {
      const subject = {
        $case: 'price',
        value: { asset, amount: draft.tooDear ? TOO_DEAR : amount },
      } as const;
      return { $case: 'purchase', value: { ...base, userId, subject, destination: system('@revenue') } };
    }
    case 'buy': {
      const itemId = itemOf(draft, world);
      const priceVersion = draft.version ?? known.latestVersion(itemId);
      const subject = { $case: 'item', value: { itemId, quantity: draft.quantity, priceVersion } } as const;
      return { $case: 'purchase', value: { ...base, userId, subject, destination: system('@revenue') } };
    }
    case 'put':
      return putOf(draft, world, known);
    case 'transfer': {
      const toUserId = otherUser(draft, world);
      return { $case: 'transfer', value: { ...base, fromUserId: userId, toUserId, asset, amount } };
    }
    case 'post':
      return { $case: 'postTransaction', value: { ...base, userId, legs: legsOf(draft, world, known) } };
    case 'hold': {
      const { expiresAfterMs } = draft;
      const expire = expiresAfterMs === null ? {} : { expireTime: world.expiry(expiresAfterMs) };
      const destination = system('@revenue');
      return { $case: 'placeHold', value: { requestId, userId, asset, amount, destination, ...expire } };
    }
    case 'reverse': {
      const found = recent(known.transactions, draft.back);
      const { owner, id, amount: whole } = found ?? { owner: userId, id: UNKNOWN_ID, amount: 0n };
      const value = { transactionId: id, amount: partOf(whole, draft) };
      const of = draft.isStranger ? userId : owner;
      return { $case: 'reverseTransaction', value: { requestId, userId: of, description, ...value } };
    }
    case 'capture':
    case 'release': {
      const hold = recent(known.holds, draft.back) ?? { holdId: UNKNOWN_ID, userId, amount: 1n };
      const of = { requestId, userId: draft.isStranger ? userId : hold.userId, holdId: hold.holdId };
      if (kind === 'release') return { $case: 'releaseHold', value: of };
      return { $case: 'captureHold', value: { ...of, amount: partOf(hold.amount, draft) } };
    }
    case 'settings':
      return settingsOf(draft, userId, asset, known);
  }
}

/** The name under which an item is put. */
function nameOf(itemId: string): string {
  return `The ${itemId}`;
}

/** More comes in than goes out; what is at an end of the range stays there. */
function doubled(amount: bigint): bigint {
  return amount > 0n && amount <= 40n ? 2n : 1n;
}

function putOf(draft: Draft, world: World, known: KnownState): Write {
  const { requestId, price, isActive: active, grants } = draft;
  const itemId = pick(world.items, draft.item);
  const asset = pick(world.assets, draft.asset);
  const granted = { nothing: '', granted: world.grantedAsset, asset: pick(world.assets, draft.otherAsset) };
  // Most put whatever was there before.
  const expectedVersion = draft.expects === null ? 0n : (draft.version ?? known.latestVersion(itemId));
  const value = {
    requestId: `${world.prefix}${requestId}`,
    itemId,
    name: nameOf(itemId),
    asset,
    price,
    active,
  };
  return { $case: 'putItem', value: { ...value, grantAsset: granted[grants], expectedVersion } };
}

/** Between two users or with the system, of one asset or as an exchange of two. */
function legsOf(draft: Draft, world: World, known: KnownState) {
  const { amount, expects, isWithSystem, isExchange, price } = draft;
  const userId = pick(world.users, draft.user);
  const asset = pick(world.assets, draft.asset);
  const counterpart = isWithSystem ? '@pool' : otherUser(draft, world);
  const expected =
    expects === null ? {} : { expectedSequence: known.latestSequence(userId, asset) + expects };
  const back = pick(
    world.assets.filter((each) => each !== asset),
    draft.otherAsset,
  );
  const returned = [
    { userId: counterpart, asset: back, change: -price },
    { userId, asset: back, change: price },
  ];
  return [
    { userId, asset, change: -amount, ...expected },
    { userId: counterpart, asset, change: amount },
    ...(isExchange ? returned : []),
  ];
}

function settingsOf({ settings, requestId }: Draft, userId: string, asset: string, known: KnownState): Write {
  const { mask, isFrozen: frozen, minBalance } = settings;
  const etags = known.etags(userId, asset);
  const etag = { none: '', latest: etags.at(-1) ?? '', stale: etags.at(-2) ?? 'stale' }[settings.etag];
  const metadata = new Map([['tier', `${minBalance}`]]);
  const value = { requestId, userId, asset, frozen, minBalance, metadata, updateMask: [...mask], etag };
  return { $case: 'updateAccount', value };
}

function itemOf(draft: Draft, { items }: World): string {
  return draft.item === 19 ? UNKNOWN_ITEM : pick(items, draft.item);
}

function otherUser(draft: Draft, { users }: World): string {
  const userId = pick(users, draft.user);
  return pick(
    users.filter((user) => user !== userId),
    draft.other,
  );
}

/** Up to five quarters, as far as the wire can carry them. */
function partOf(whole: bigint, { quarters }: Draft): bigint {
  const part = (whole * BigInt(quarters)) / 4n;
  return part > MAX_INT64 ? MAX_INT64 : part;
}

function recent<T>(found: readonly T[], back: number | null): T | undefined {
  return back === null ? undefined : found.at(-1 - back);
}

function pick<T>(values: readonly T[], n: number): T {
  const value = values[n % values.length];
  if (value === undefined) throw new RangeError('nothing to pick from');
  return value;
}
