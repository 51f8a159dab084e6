import { isDeepStrictEqual } from 'node:util';
import { HoldState, type Entry } from '@ledger/client';
import { epochMicrosOf } from './entry-line';
import type { Journal, SentWrite } from './journal';
import type { Response } from './outcome';
import { isJustifiedRefusal } from './refusals';
import type { ObservedLedger } from './observed-ledger';
import { orDefault, scopeOf, type Write } from '../model/write';

type Debit = Pick<Entry, 'userId' | 'asset' | 'createTime'>;
type Leg = Pick<Entry, 'userId' | 'asset' | 'change'>;

/** Checks each response against its request and against all other responses. */
export class ResponseCheck {
  constructor(
    private readonly journal: Journal,
    private readonly ledger: ObservedLedger,
  ) {}

  run(writes: readonly SentWrite[]): void {
    for (const write of writes) {
      const fault = this.#findFault(write);
      if (fault !== undefined) this.journal.addViolation(write, fault, write.outcome);
    }
  }

  #findFault({ intent, outcome }: SentWrite): string | undefined {
    if (outcome === undefined) return undefined;
    if (intent.$case === 'batchWrite') {
      // The parts of a successful batch are checked as writes of their own.
      if (outcome.type === 'done') return undefined;
      const failed = /^writes\[([0-9]+)\]$/.exec(outcome.about['write'] ?? '');
      const writes = intent.value.writes.map(({ write }) => write);
      const place = Number(failed?.[1] ?? -1);
      const write = writes[place];
      const before = writes.slice(0, Math.max(place, 0));
      const isJustified = write !== undefined && isJustifiedRefusal(write, outcome, this.ledger, before);
      return isJustified ? undefined : 'was refused for a wrong reason';
    }
    if (outcome.type === 'done') return this.#findFaultInResponse(intent, outcome.response);
    return isJustifiedRefusal(intent, outcome, this.ledger) ? undefined : 'was refused for a wrong reason';
  }

  #findFaultInResponse(intent: Write, response: Response): string | undefined {
    const { transaction } = response;
    const entries = transaction?.entries ?? [];
    const legs = this.#legsOf(intent, response);
    if (textOf(entries) !== textOf(legs)) return `did not book ${textOf(legs)}`;
    if ((transaction?.requestId ?? intent.value.requestId) !== intent.value.requestId)
      return 'has the response of another request';
    if (hasMovedOn(intent, entries)) return 'was stale';
    return (
      this.#findFaultInBalances(intent, response, entries) ?? this.#findFaultInOtherFields(intent, response)
    );
  }

  /** The balances in a response are those right after the write. */
  #findFaultInBalances(
    intent: Write,
    { balances, transaction }: Response,
    entries: readonly Entry[],
  ): string | undefined {
    const isOfLedger = intent.$case !== 'putItem' && intent.$case !== 'updateAccount';
    if (isOfLedger && !balances.some(({ userId }) => userId === scopeOf(intent))) {
      if (intent.$case !== 'reverseTransaction') return 'shows no balance of its user';
    }
    for (const { userId, asset, balance, held = 0n, available, sequence } of balances) {
      if (available !== balance - held || held < 0n) return 'contradicts itself';
      if (transaction === undefined) {
        if (!this.ledger.everHadBalance(userId, asset, balance)) return 'shows a balance that never was';
        continue;
      }
      const own = entries.find((entry) => entry.userId === userId && entry.asset === asset);
      if (own?.balanceAfter !== balance || own.sequence !== sequence) return 'contradicts itself';
      if (own.change < 0n && !this.#wasAllowed(own, available)) return 'was allowed against the settings';
    }
    return undefined;
  }

  /** Whether the settings at that time allowed a debit or hold that leaves this available balance. */
  #wasAllowed({ userId, asset, createTime }: Debit, available: bigint): boolean {
    const settings = this.ledger.settingsAt(userId, asset, epochMicrosOf(createTime));
    return settings.some((each) => each?.frozen !== true && available >= (each?.minBalance ?? 0n));
  }

  /** Checks everything that is not a movement: items, settings, holds. */
  #findFaultInOtherFields(intent: Write, { item, account, hold, balances }: Response): string | undefined {
    switch (intent.$case) {
      case 'putItem':
        return isPartOf(intent.value, item, ['itemId', 'asset', 'price', 'active', 'grantAsset'])
          ? undefined
          : 'put another item';
      case 'updateAccount': {
        const names = intent.value.updateMask.map((name) => (name === 'min_balance' ? 'minBalance' : name));
        if (account === undefined || !isPartOf(intent.value, account, ['userId', 'asset', ...names])) {
          return 'set something else';
        }
        const { userId, asset, etag } = intent.value;
        const before = this.ledger.settingsAt(userId, asset, epochMicrosOf(account.updateTime));
        return !etag || before.some((each) => each !== account && each?.etag === etag)
          ? undefined
          : 'was stale';
      }
      case 'placeHold': {
        const isOpen = hold?.state === HoldState.OPEN && hold.capturedAmount === 0n;
        if (!isOpen || !isPartOf(intent.value, hold, ['userId', 'asset', 'amount']))
          return 'placed another hold';
        return this.#wasAllowed(hold, balances[0]?.available ?? 0n)
          ? undefined
          : 'was allowed against the settings';
      }
      case 'captureHold':
      case 'releaseHold': {
        const observed = this.ledger.holds.get(intent.value.holdId);
        if (hold === undefined || observed?.ended.length !== 1) return 'ended a hold that was ended before';
        const state = intent.$case === 'captureHold' ? HoldState.CAPTURED : HoldState.RELEASED;
        return hold.state === state && hold.userId === intent.value.userId
          ? undefined
          : 'ended a hold in another state';
      }
      default:
        return undefined;
    }
  }

  /** The legs that the write has to book. */
  #legsOf(intent: Write, { transaction, hold }: Response): readonly Leg[] {
    switch (intent.$case) {
      case 'credit': {
        const { userId, asset, amount, source } = intent.value;
        return pair(orDefault(source, '@issuance'), userId, asset, amount);
      }
      case 'purchase':
        return this.#legsOfPurchase(intent, transaction?.item?.priceVersion ?? 0n);
      case 'transfer': {
        const { fromUserId, toUserId, asset, amount } = intent.value;
        return pair(fromUserId, toUserId, asset, amount);
      }
      case 'postTransaction':
        return intent.value.legs;
      case 'reverseTransaction': {
        const { entries = [] } = this.ledger.transactions.get(intent.value.transactionId)?.transaction ?? {};
        const taken = this.ledger.dueReversals.get(transaction?.transactionId ?? '') ?? 0n;
        return entries.map(({ userId, asset, change }) => {
          const back = change < 0n ? taken : -taken;
          return { userId, asset, change: entries.length === 2 ? back : -change };
        });
      }
      case 'captureHold': {
        const { placed } = this.ledger.holds.get(intent.value.holdId) ?? {};
        if (placed === undefined || hold?.capturedAmount === undefined) return [];
        const asked = intent.value.amount ?? 0n;
        return pair(placed.userId, placed.destination, placed.asset, asked === 0n ? placed.amount : asked);
      }
      case 'placeHold':
      case 'releaseHold':
      case 'updateAccount':
      case 'putItem':
        return [];
    }
  }

  #legsOfPurchase({ value }: Write & { $case: 'purchase' }, version: bigint): readonly Leg[] {
    const { userId, subject } = value;
    const destination = orDefault(value.destination, '@revenue');
    if (subject.$case === 'price')
      return pair(userId, destination, subject.value.asset, subject.value.amount);
    const { itemId, quantity, priceVersion = 0n } = subject.value;
    const item = this.ledger.items.get(`${itemId} ${version}`);
    if (item === undefined || (priceVersion !== 0n && priceVersion !== version)) return [];
    const paid = pair(userId, destination, item.asset, item.price * quantity);
    const { grantAsset = '' } = item;
    return grantAsset === '' ? paid : [...paid, ...pair('@issuance', userId, grantAsset, quantity)];
  }
}

/** Whether a leg was booked although its account was not at the expected sequence. */
function hasMovedOn(intent: Write, entries: readonly Entry[]): boolean {
  if (intent.$case !== 'postTransaction') return false;
  return intent.value.legs.some(({ userId, asset, expectedSequence }) => {
    const entry = entries.find((each) => each.userId === userId && each.asset === asset);
    return expectedSequence !== undefined && entry?.sequence !== expectedSequence + 1n;
  });
}

function pair(from: string, to: string, asset: string, amount: bigint): Leg[] {
  return [
    { userId: from, asset, change: -amount },
    { userId: to, asset, change: amount },
  ];
}

/** Legs as comparable text. */
function textOf(legs: readonly Leg[]): string {
  return legs
    .map(({ userId, asset, change }) => `${userId} ${asset} ${change}`)
    .sort()
    .join(', ');
}

/** Whether the observed values equal the requested ones in the named fields. */
function isPartOf(asked: object, observed: object | undefined, names: readonly string[]): boolean {
  if (observed === undefined) return false;
  const [left, right] = [
    new Map<string, unknown>(Object.entries(asked)),
    new Map<string, unknown>(Object.entries(observed)),
  ];
  return names.every((name) => isDeepStrictEqual(left.get(name), right.get(name)));
}
