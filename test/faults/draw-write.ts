import type { Timestamp } from '@ledger/client';
import type { KnownState } from './known-state';
import type { Random } from './random';
import type { SingleWrite } from './write-intent';

export const UNKNOWN_ITEM = 'no-such-item';
/** The id of no transaction and no hold. */
export const UNKNOWN_ID = '01900000-0000-7000-8000-000000000000';
export const USERS = ['ann', 'bob', 'cas', 'dee', 'eve', 'fay', 'gus', 'hal', 'ivy', 'jon'];
const GRANTED_ASSET = 'COUPON:COFFEE';
const ASSETS = ['PEEP', 'GOLD', 'USD/2'];
export const ALL_ASSETS = [...ASSETS, GRANTED_ASSET];

const ITEMS = [
  { itemId: 'tea', asset: 'PEEP', grantAsset: '' },
  { itemId: 'map', asset: 'GOLD', grantAsset: '' },
  { itemId: 'coffee-coupon', asset: 'PEEP', grantAsset: GRANTED_ASSET },
];

/** More than any user will ever have. */
const TOO_DEAR = 10n ** 15n;

/** How many recent transactions or holds a write may refer to: few enough that several writes refer to the same one. */
const LOOK_BACK = 60;

/** Short, so that holds expire within the run. */
const LONGEST_HOLD_MS = 1_500;

/** What a random write is made from. */
interface Draw {
  readonly random: Random;
  readonly known: KnownState;
  readonly requestId: string;
  readonly userId: string;
  readonly asset: string;
  readonly amount: bigint;
}

/** Each kind of write with its share. Some writes fail, by missing funds, an unknown item or hold, or a stale etag. */
const KINDS: readonly (readonly [share: number, draw: (draw: Draw) => SingleWrite])[] = [
  [22, drawCredit],
  [10, drawPayment],
  [16, drawItemPurchase],
  [3, ({ requestId, random }) => putItem(requestId, random)],
  [12, drawTransfer],
  [10, drawPost],
  [9, drawReversal],
  [8, drawHold],
  [5, drawCapture],
  [3, drawRelease],
  [4, drawSettings],
];
const ALL_SHARES = KINDS.reduce((sum, [share]) => sum + share, 0);

/** The first version of every item. */
export function firstItems(random: Random): SingleWrite[] {
  return ITEMS.map((item) => ({
    $case: 'putItem',
    value: {
      requestId: `first-${item.itemId}`,
      name: item.itemId,
      ...item,
      price: price(random),
      active: true,
    },
  }));
}

/** A random write. */
export function drawWrite(random: Random, known: KnownState, requestId: string): SingleWrite {
  const [userId, asset] = [random.pick(USERS), random.pick(ASSETS)];
  const draw: Draw = { random, known, requestId, userId, asset, amount: BigInt(random.integer(1, 200)) };
  let at = random.next() * ALL_SHARES;
  for (const [share, drawKind] of KINDS) {
    if (at < share) return drawKind(draw);
    at -= share;
  }
  return drawCredit(draw);
}

function drawCredit({ requestId, userId, asset, amount }: Draw): SingleWrite {
  const reference = `credit/${requestId}`;
  return { $case: 'credit', value: { requestId, userId, asset, amount: amount * 2n, reference } };
}

function drawPayment({ random, requestId, userId, asset, amount }: Draw): SingleWrite {
  const value = { asset, amount: random.chance(0.1) ? TOO_DEAR : amount };
  const said = { description: 'by price', metadata: new Map(Object.entries({ shop: 'corner', till: '3' })) };
  return { $case: 'purchase', value: { requestId, userId, subject: { $case: 'price', value }, ...said } };
}

function drawItemPurchase({ random, known, requestId, userId }: Draw): SingleWrite {
  const itemId = random.chance(0.06) ? UNKNOWN_ITEM : random.pick(ITEMS).itemId;
  const priceVersion = random.chance(0.3) ? known.latestVersion(itemId) : 0n;
  const value = { itemId, quantity: BigInt(random.integer(1, 5)), priceVersion };
  const subject = { $case: 'item', value } as const;
  return { $case: 'purchase', value: { requestId, userId, subject, destination: '@shop' } };
}

function putItem(requestId: string, random: Random): SingleWrite {
  const item = random.pick(ITEMS);
  const active = random.chance(0.95);
  return { $case: 'putItem', value: { requestId, name: item.itemId, ...item, price: price(random), active } };
}

function drawTransfer(draw: Draw): SingleWrite {
  const { requestId, userId, asset, amount } = draw;
  const value = { requestId, fromUserId: userId, toUserId: otherThan(draw), asset, amount };
  return { $case: 'transfer', value };
}

/** Between two users or with a system account, of one asset or as an exchange of two. */
function drawPost(draw: Draw): SingleWrite {
  const { random, known, requestId, userId, asset, amount } = draw;
  const counterpart = random.chance(0.3) ? '@pool' : otherThan(draw);
  const expected = random.chance(0.3)
    ? { expectedSequence: known.latestSequence(userId, asset) + (random.chance(0.2) ? 1n : 0n) }
    : {};
  const legs = [
    { userId, asset, change: -amount, ...expected },
    { userId: counterpart, asset, change: amount },
  ];
  if (random.chance(0.5)) {
    const back = random.pick(ASSETS.filter((other) => other !== asset));
    const rate = BigInt(random.integer(1, 50));
    legs.push({ userId: counterpart, asset: back, change: -rate }, { userId, asset: back, change: rate });
  }
  return { $case: 'postTransaction', value: { requestId, userId, legs } };
}

function drawReversal({ random, known, requestId, userId }: Draw): SingleWrite {
  const found = pickRecent(random, known.transactions);
  const { owner, id, amount } = found ?? { owner: userId, id: UNKNOWN_ID, amount: 0n };
  const part = random.chance(0.5) ? 0n : amount / BigInt(random.integer(1, 4));
  return {
    $case: 'reverseTransaction',
    value: { requestId, userId: owner, transactionId: id, amount: part },
  };
}

function drawHold({ random, requestId, userId, asset, amount }: Draw): SingleWrite {
  const expire = random.chance(0.5) ? { expireTime: soon(random) } : {};
  const destination = random.chance(0.5) ? '@shop' : '';
  return { $case: 'placeHold', value: { requestId, userId, asset, amount, destination, ...expire } };
}

function drawCapture({ random, known, requestId, userId }: Draw): SingleWrite {
  const hold = pickRecent(random, known.holds) ?? { holdId: UNKNOWN_ID, userId, amount: 1n };
  const part = random.chance(0.4) ? 0n : (hold.amount * BigInt(random.integer(1, 5))) / 4n;
  return {
    $case: 'captureHold',
    value: { requestId, userId: hold.userId, holdId: hold.holdId, amount: part },
  };
}

function drawRelease({ random, known, requestId, userId }: Draw): SingleWrite {
  const hold = pickRecent(random, known.holds) ?? { holdId: UNKNOWN_ID, userId };
  return { $case: 'releaseHold', value: { requestId, userId: hold.userId, holdId: hold.holdId } };
}

function drawSettings({ random, known, requestId, userId, asset }: Draw): SingleWrite {
  // The latest, or the one before it, which is stale.
  const etags = known.etags(userId, asset).slice(-2);
  const etag = etags.length > 0 && random.chance(0.4) ? random.pick(etags) : '';
  const updateMask = random.pick([
    ['frozen'],
    ['min_balance'],
    ['metadata', 'frozen'],
    ['metadata', 'min_balance'],
  ]);
  const settings = {
    frozen: random.chance(0.25),
    minBalance: random.pick([0n, 0n, -100n, 50n]),
    metadata: new Map([['tier', String(random.integer(1, 9))]]),
  };
  return { $case: 'updateAccount', value: { requestId, userId, asset, ...settings, updateMask, etag } };
}

/** One of the latest; occasionally undefined, so that the write refers to something that does not exist. */
function pickRecent<T>(random: Random, found: readonly T[]): T | undefined {
  return found.length === 0 || random.chance(0.03) ? undefined : random.pick(found.slice(-LOOK_BACK));
}

function otherThan({ random, userId }: Draw): string {
  return random.pick(USERS.filter((user) => user !== userId));
}

/** A time within the next seconds. Postgres runs on this machine and so has the same clock. */
function soon(random: Random): Timestamp {
  const at = Date.now() + random.integer(1, LONGEST_HOLD_MS);
  return { seconds: BigInt(Math.floor(at / 1_000)), nanos: (at % 1_000) * 1_000_000 };
}

function price(random: Random): bigint {
  return BigInt(random.integer(1, 40));
}
