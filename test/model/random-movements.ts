import fc from 'fast-check';
import type { BatchWriteItem, UpdateAccountRequest } from '@ledger/client';
import { TICKET } from './movement-model';

/** A write of the ledger as it is sent. */
export type LedgerWrite =
  BatchWriteItem['write'] | { readonly $case: 'updateAccount'; readonly value: UpdateAccountRequest };

/** A write with what its request id is about. */
export type Movement = LedgerWrite & {
  readonly scope: string;
  readonly requestId: string;
  readonly content: string;
};

/** What a run has made so far that a write may refer to. */
export interface Referable {
  readonly owner: string;
  readonly id: string;
}

/** A write before it is known what it refers to. */
export interface Draft {
  readonly kind:
    'credit' | 'pay' | 'buy' | 'transfer' | 'post' | 'reverse' | 'place' | 'capture' | 'release' | 'update';
  readonly requestId: string;
  readonly user: number;
  readonly amount: bigint;
  /** Which of several: a transaction, a hold, an expected sequence. */
  readonly nth: number;
  readonly flag: boolean;
  readonly asset: string;
}

export const USER_COUNT = 3;
export const ASSETS = ['GOLD', 'PEEP', 'TICKET'];
const UNKNOWN_ID = '01900000-0000-7000-8000-000000000000';

const kind = fc.constantFrom<Draft['kind']>(
  ...(['credit', 'credit', 'pay', 'buy', 'transfer', 'transfer', 'post', 'post'] as const),
  ...([
    'reverse',
    'reverse',
    'reverse',
    'place',
    'place',
    'capture',
    'capture',
    'release',
    'update',
  ] as const),
);

export const draft: fc.Arbitrary<Draft> = fc.record({
  kind,
  requestId: fc.oneof(
    { weight: 6, arbitrary: fc.uuid() },
    { weight: 1, arbitrary: fc.constantFrom('r0', 'r1') },
  ),
  user: fc.nat(USER_COUNT - 1),
  amount: fc.bigInt(1n, 30n),
  nth: fc.nat(7),
  flag: fc.boolean(),
  asset: fc.constantFrom('GOLD', 'GOLD', 'GOLD', 'PEEP'),
});

/** What a run begins with, so that there is something to move: gold and tickets for everybody. */
export const richUsers: readonly Draft[] = Array.from({ length: USER_COUNT }, (_, user) =>
  (['credit', 'buy'] as const).map((kindOfDraft) => ({
    ...{ kind: kindOfDraft, requestId: `prelude-${kindOfDraft}`, user, amount: 40n, nth: 2, flag: false },
    asset: 'GOLD',
  })),
).flat();

/** The name of a user of a run. */
export function userOf(run: string, n: number): string {
  return `${run}.u${n % USER_COUNT}`;
}

/** The write that a draft becomes once it is known what there is. Now and then it refers to what is not its own. */
export function movementOf(
  { kind: kindOfDraft, requestId, user, amount, nth, flag, asset }: Draft,
  run: string,
  transactions: readonly Referable[],
  holds: readonly Referable[],
): Movement {
  const userId = userOf(run, user);
  const other = userOf(run, user + 1 + (nth % 2));
  const base = { requestId, userId };
  switch (kindOfDraft) {
    case 'credit':
      return finish(userId, { $case: 'credit', value: { ...base, asset, amount: amount * 2n } });
    case 'pay': {
      const subject = { $case: 'price', value: { asset, amount } } as const;
      return finish(userId, { $case: 'purchase', value: { ...base, subject } });
    }
    case 'buy': {
      const value = { itemId: TICKET.itemId, quantity: BigInt((nth % 3) + 1) };
      return finish(userId, { $case: 'purchase', value: { ...base, subject: { $case: 'item', value } } });
    }
    case 'transfer': {
      const value = { requestId, fromUserId: userId, toUserId: other, asset, amount };
      return finish(userId, { $case: 'transfer', value });
    }
    case 'post': {
      const expected = flag && nth > 2 ? { expectedSequence: BigInt(nth) } : {};
      const legs = [
        { userId, asset, change: -amount, ...expected },
        { userId: other, asset, change: amount },
        ...(flag
          ? []
          : [
              { userId: other, asset: 'TICKET', change: -1n },
              { userId, asset: 'TICKET', change: 1n },
            ]),
      ];
      return finish(userId, { $case: 'postTransaction', value: { ...base, legs } });
    }
    case 'reverse': {
      const { owner, id } = transactions.at(-1 - nth) ?? { owner: userId, id: UNKNOWN_ID };
      const of = nth === 7 ? userId : owner;
      const part = flag ? 0n : amount / 3n;
      const value = { requestId, userId: of, transactionId: id, amount: part };
      return finish(of, { $case: 'reverseTransaction', value });
    }
    case 'place': {
      const expire = nth > 4 ? { expireTime: { seconds: 4_000_000_000n, nanos: 0 } } : {};
      const destination = nth % 2 === 0 ? '@shop' : '';
      return finish(userId, {
        $case: 'placeHold',
        value: { ...base, asset, amount, destination, ...expire },
      });
    }
    case 'capture':
    case 'release': {
      const { owner, id } = holds.at(-1 - (nth % 4)) ?? { owner: userId, id: UNKNOWN_ID };
      const of = nth === 7 ? userId : owner;
      const value = { requestId, userId: of, holdId: id };
      if (kindOfDraft === 'release') return finish(of, { $case: 'releaseHold', value });
      return finish(of, { $case: 'captureHold', value: { ...value, amount: flag ? 0n : amount / 2n } });
    }
    case 'update': {
      const minBalance = nth % 2 === 0 ? 0n : flag ? -20n : 3n;
      const settings = { frozen: nth === 1, minBalance, etag: nth === 5 ? 'stale' : '' };
      const updateMask = nth > 3 ? ['min_balance'] : ['frozen', 'min_balance'];
      return finish(userId, { $case: 'updateAccount', value: { ...base, asset, ...settings, updateMask } });
    }
  }
}

type Unfinished = Movement extends infer Each
  ? Each extends { readonly $case: infer Name; readonly value: infer Value }
    ? { readonly $case: Name; readonly value: Value }
    : never
  : never;

function finish(scope: string, write: Unfinished): Movement {
  const { requestId = '', ...content } = write.value;
  const text = JSON.stringify([write.$case, content], (_key, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
  return { ...write, scope, requestId, content: text };
}
