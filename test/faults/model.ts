import type { Entry } from '@ledger/client';
import type { Outcome } from './send-write';
import type { Journal, SentWrite } from './journal';
import { UNKNOWN_ITEM, type PutItemIntent, type WriteIntent } from './write-intent';

type Posted = Outcome & { readonly type: 'posted' };
type Refused = Outcome & { readonly type: 'refused' };
type Leg = Pick<Entry, 'userId' | 'asset' | 'change'>;

/** What answers must say, and what balances they add up to. Knows the callers' side only. */
export class Model {
  readonly #items = new Map<string, PutItemIntent>();
  /** Every balance that an account ever had, by the answers. */
  readonly #past = new Map<string, Set<string>>();
  readonly #balances = new Map<string, bigint>();

  /** All writes must have an answer. */
  constructor(private readonly journal: Journal) {
    for (const write of journal.writes) this.#take(write);
  }

  /** Balance by user and asset: `ann PEEP`. */
  get balances(): ReadonlyMap<string, bigint> {
    return this.#balances;
  }

  /** Holds the answers of writes against what was asked for. */
  judge(writes: readonly SentWrite[]): void {
    for (const write of writes) {
      const { outcome } = write;
      if (outcome === undefined) continue;
      const fault = this.#faultOf(write.intent, outcome);
      if (fault !== undefined) this.journal.violate(write, fault, outcome);
    }
  }

  #take({ intent, outcome }: SentWrite): void {
    if (outcome?.type === 'itemPut' && intent.kind === 'putItem') {
      this.#items.set(`${intent.itemId} ${outcome.item.version}`, intent);
    }
    if (outcome?.type !== 'posted') return;
    for (const { userId, asset, change, balanceAfter } of outcome.transaction.entries) {
      const key = `${userId} ${asset}`;
      this.#balances.set(key, (this.#balances.get(key) ?? 0n) + change);
      const past = this.#past.get(key) ?? new Set(['0']);
      this.#past.set(key, past.add(balanceAfter.toString()));
    }
  }

  #faultOf(intent: WriteIntent, outcome: Outcome): string | undefined {
    switch (outcome.type) {
      case 'posted':
        return intent.kind === 'putItem' ? 'moved value' : this.#faultOfPosted(intent, outcome);
      case 'refused':
        return this.#faultOfRefusal(intent, outcome);
      case 'itemPut': {
        if (intent.kind !== 'putItem') return 'put an item';
        const { itemId, asset, price, active, grantAsset } = outcome.item;
        const isAsked =
          itemId === intent.itemId &&
          asset === intent.asset &&
          price === intent.price &&
          active === intent.active &&
          grantAsset === intent.grantAsset;
        return isAsked ? undefined : 'put another item';
      }
    }
  }

  #faultOfPosted(intent: Exclude<WriteIntent, PutItemIntent>, posted: Posted): string | undefined {
    const { transaction, balance } = posted;
    const legs = this.#legsOf(intent, posted);
    if (textOf(transaction.entries) !== textOf(legs)) return `did not book ${textOf(legs)}`;
    const { userId } = intent;
    const own = transaction.entries.find(
      (entry) => entry.userId === userId && entry.asset === legs[0]?.asset,
    );
    if (own === undefined || balance.userId !== userId || balance.asset !== own.asset) {
      return 'answered for another';
    }
    if (balance.balance !== own.balanceAfter || balance.sequence !== own.sequence)
      return 'contradicts itself';
    return own.balanceAfter < 0n ? 'overdrew' : undefined;
  }

  /** The caller's first. */
  #legsOf(intent: Exclude<WriteIntent, PutItemIntent>, { transaction }: Posted): Leg[] {
    const { userId } = intent;
    switch (intent.kind) {
      case 'credit': {
        const { asset, amount } = intent;
        return [
          { userId, asset, change: amount },
          { userId: '@issuance', asset, change: -amount },
        ];
      }
      case 'payPrice': {
        const { asset, amount } = intent;
        return [
          { userId, asset, change: -amount },
          { userId: '@revenue', asset, change: amount },
        ];
      }
      case 'buyItem': {
        const version = transaction.item?.priceVersion ?? 0n;
        const item = this.#items.get(`${intent.itemId} ${version}`);
        const isWanted = intent.priceVersion === 0n || intent.priceVersion === version;
        if (item === undefined || !isWanted) return [];
        const total = item.price * intent.quantity;
        const legs = [
          { userId, asset: item.asset, change: -total },
          { userId: '@shop', asset: item.asset, change: total },
        ];
        if (item.grantAsset === '') return legs;
        legs.push({ userId, asset: item.grantAsset, change: intent.quantity });
        legs.push({ userId: '@issuance', asset: item.grantAsset, change: -intent.quantity });
        return legs;
      }
    }
  }

  #faultOfRefusal(intent: WriteIntent, { reason, metadata }: Refused): string | undefined {
    if (intent.kind === 'credit' || intent.kind === 'putItem') return 'was refused for no reason';
    if (intent.kind === 'buyItem' && intent.itemId === UNKNOWN_ITEM) {
      return reason === 'ITEM_NOT_FOUND' ? undefined : 'was refused for a wrong reason';
    }
    if (intent.kind === 'buyItem' && reason === 'ITEM_INACTIVE') return undefined;
    if (reason !== 'INSUFFICIENT_FUNDS') return 'was refused for a wrong reason';

    const { balance = '', available = '', required = '', asset = '' } = metadata;
    if (intent.kind === 'payPrice' && required !== intent.amount.toString())
      return 'was asked for another price';
    if (available !== balance || BigInt(required) <= BigInt(balance)) return 'was refused for no reason';
    const past = this.#past.get(`${intent.userId} ${asset}`) ?? new Set(['0']);
    return past.has(balance) ? undefined : 'was refused for a balance that never was';
  }
}

/** Movements in one form. */
function textOf(legs: readonly Leg[]): string {
  return legs
    .map(({ userId, asset, change }) => `${userId} ${asset} ${change}`)
    .sort()
    .join(', ');
}
