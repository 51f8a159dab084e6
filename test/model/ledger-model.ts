import type { PutItemRequest } from '@ledger/client';
import { balanceLine, holdLine, itemLine, settingsLine, soldLine, type Report } from './report';
import {
  contentOf,
  isWellFormed,
  keyOf,
  orDefault,
  requestIdOf,
  scopeOf,
  type BatchableWrite,
  type Write,
} from './write';

/** What the server chose for a write, and what no model can know before. */
export interface ServerChoices {
  readonly transactionId: string;
  readonly holdId: string;
  /** Of the account's settings. */
  readonly etag: string;
  /**
   * The stripe of each system account that took part, named by what it had before: by `@bank GOLD`. What is not there
   * must exist in the model; where none is named, the write is judged as if the stripe had nothing.
   */
  readonly stripes: ReadonlyMap<string, { readonly balance: bigint; readonly sequence: bigint }>;
}

export interface ModelAnswer {
  readonly report: Report;
  readonly replayed: boolean;
}

/** What a call comes to: one failure of it all, or an answer to each of its writes. */
export interface CallReport {
  readonly failure: Report | null;
  readonly answers: readonly ModelAnswer[];
}

interface Account {
  balance: bigint;
  held: bigint;
  sequence: bigint;
  minBalance: bigint;
  frozen: boolean;
  etag: string;
}

interface Leg {
  readonly userId: string;
  readonly asset: string;
  readonly change: bigint;
}

interface Booked {
  readonly owner: string;
  readonly legs: readonly Leg[];
  readonly isReversal: boolean;
  reversed: bigint;
}

interface Hold {
  readonly owner: string;
  readonly asset: string;
  readonly amount: bigint;
  readonly destination: string;
  state: 'OPEN' | 'CAPTURED' | 'RELEASED';
}

interface State {
  /** Of a system account there is a row for each stripe. */
  accounts: Map<string, Account>;
  /** By account, as `reportOf` shows them. */
  entries: Map<string, string[]>;
  transactions: Map<string, Booked>;
  holds: Map<string, Hold>;
  items: Map<string, PutItemRequest[]>;
  requests: Map<string, { content: string; report: Report }>;
}

/** How a purchase shows in its answer. */
interface Shown {
  readonly users?: readonly string[];
  readonly asset?: string;
  readonly rest?: string;
}

const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);
export const NO_CHOICES: ServerChoices = { transactionId: '', holdId: '', etag: '', stripes: new Map() };

/**
 * What the ledger means, in memory and one write after the other: written from ledger.md, not from the server. A write
 * is booked on one stripe of each system account, and must find there what an earlier one left.
 */
export class LedgerModel {
  private state: State = {
    ...{ accounts: new Map(), entries: new Map(), transactions: new Map(), holds: new Map() },
    ...{ items: new Map(), requests: new Map() },
  };

  /** @param honoursOldPrices whether a superseded price is within its grace period, or always past it */
  constructor(private readonly honoursOldPrices: boolean) {}

  /** Answers a write; the ids are those that the server made for it. */
  answer(write: Write, made: ServerChoices): ModelAnswer {
    if (!isWellFormed(write)) return { report: malformed(), replayed: false };
    const key = keyOf(write);
    const content = contentOf(write);
    const known = this.state.requests.get(key);
    if (known !== undefined) {
      if (known.content === content) return { report: known.report, replayed: true };
      return {
        report: failed('REQUEST_ID_REUSED', { user_id: scopeOf(write), request_id: requestIdOf(write) }),
        replayed: false,
      };
    }
    const report = new Decision(this.state, made, this.honoursOldPrices).decide(write);
    this.state.requests.set(key, { content, report });
    return { report, replayed: false };
  }

  /** The answers of a batch; one that is malformed, or that is atomic and fails, has one failure for all. */
  answerBatch(
    writes: readonly BatchableWrite[],
    atomic: boolean,
    made: readonly ServerChoices[],
  ): CallReport {
    if (!writes.every(isWellFormed)) return { failure: malformed(), answers: [] };
    const before = atomic ? structuredClone(this.state) : this.state;
    const answers = [];
    for (const [index, write] of writes.entries()) {
      const answer = this.answer(write, made[index] ?? NO_CHOICES);
      if (atomic && 'failed' in answer.report) {
        this.state = before;
        const failure = { ...answer.report, about: { ...answer.report.about, write: `writes[${index}]` } };
        return { failure, answers: [] };
      }
      answers.push(answer);
    }
    return { failure: null, answers };
  }

  /** The entries of a user's account, oldest first. */
  entriesOf(userId: string, asset: string): readonly string[] {
    return this.state.entries.get(`${userId} ${asset}`) ?? [];
  }

  /** The balance of an account and its number of entries, over all stripes. */
  balanceOf(userId: string, asset: string): { balance: bigint; held: bigint; sequence: bigint } {
    const total = { balance: 0n, held: 0n, sequence: 0n };
    for (const [key, { balance, held, sequence }] of this.state.accounts) {
      if (key !== `${userId} ${asset}` && !key.startsWith(`${userId} ${asset} `)) continue;
      total.balance += balance;
      total.held += held;
      total.sequence += sequence;
    }
    return total;
  }
}

/** What becomes of one write. */
class Decision {
  /** Which row of a system account this write uses. */
  readonly #stripes = new Map<string, string>();

  constructor(
    private readonly state: State,
    private readonly made: ServerChoices,
    private readonly honoursOldPrices: boolean,
  ) {}

  decide(write: Write): Report {
    switch (write.$case) {
      case 'credit': {
        const { userId, asset, amount, source } = write.value;
        return this.book(userId, pair(orDefault(source, '@issuance'), userId, asset, amount).reverse(), {
          users: [userId],
        });
      }
      case 'purchase':
        return this.purchase(write);
      case 'transfer': {
        const { fromUserId, toUserId, asset, amount } = write.value;
        return this.book(fromUserId, pair(fromUserId, toUserId, asset, amount), { users: [fromUserId] });
      }
      case 'postTransaction':
        return this.post(write);
      case 'reverseTransaction':
        return this.reverse(write);
      case 'placeHold':
        return this.placeHold(write);
      case 'captureHold':
      case 'releaseHold':
        return this.endHold(write);
      case 'updateAccount':
        return this.update(write);
      case 'putItem':
        return this.put(write.value);
    }
  }

  private purchase({ value }: Write & { $case: 'purchase' }): Report {
    const { userId, subject } = value;
    const destination = orDefault(value.destination, '@revenue');
    if (subject.$case === 'price') {
      const { asset, amount } = subject.value;
      return this.book(userId, pair(userId, destination, asset, amount), { users: [userId], asset });
    }
    const { itemId, quantity, priceVersion: version = 0n } = subject.value;
    const versions = this.state.items.get(itemId) ?? [];
    const current = versions.at(-1);
    const priceVersion = version === 0n ? BigInt(versions.length) : version;
    const paid = versions[Number(priceVersion) - 1];
    // Existence.
    if (current === undefined || paid === undefined) {
      return failed('ITEM_NOT_FOUND', { item_id: itemId, ...(version === 0n ? {} : { version }) });
    }
    const { asset, price, grantAsset = '', name } = paid;
    const currentVersion = BigInt(versions.length);
    // State: the account's, then the item's, then the price's.
    if (this.peek(userId, asset).frozen) return failed('ACCOUNT_FROZEN', { user_id: userId, asset });
    if (current.active !== true) {
      return failed('ITEM_INACTIVE', { item_id: itemId, current_version: currentVersion });
    }
    if (paid !== current && !this.honoursOldPrices) {
      return failed('PRICE_CHANGED', {
        ...{ item_id: itemId, price_version: priceVersion, current_version: currentVersion },
        ...{ current_price: current.price, asset: current.asset },
      });
    }
    // Overflow of the total; of the balances, and funds, by the legs.
    const total = price * quantity;
    if (total > MAX) return failed('AMOUNT_OVERFLOW', { item_id: itemId, price, quantity });
    const granted = grantAsset === '' ? [] : pair('@issuance', userId, grantAsset, quantity).reverse();
    const rest = soldLine({ itemId, name, priceVersion, unitPrice: price, quantity });
    const legs = [...pair(userId, destination, asset, total), ...granted];
    return this.book(userId, legs, { users: [userId], asset, rest });
  }

  private post({ value: { userId: owner, legs } }: Write & { $case: 'postTransaction' }): Report {
    for (const { userId, asset, expectedSequence } of legs) {
      const current = this.peek(userId, asset).sequence;
      if (expectedSequence === undefined || expectedSequence === current) continue;
      return failed('CONFLICT', { user_id: userId, asset, expected: expectedSequence, current });
    }
    return this.book(owner, legs);
  }

  private reverse({ value }: Write & { $case: 'reverseTransaction' }): Report {
    const { userId: owner, transactionId, amount = 0n } = value;
    const original = this.state.transactions.get(transactionId);
    if (original?.owner !== owner) return failed('TRANSACTION_NOT_FOUND', { transaction_id: transactionId });
    const frozen = original.legs.find(
      ({ userId, asset, change }) => change > 0n && this.peek(userId, asset).frozen,
    );
    if (frozen !== undefined) {
      return failed('ACCOUNT_FROZEN', { user_id: frozen.userId, asset: frozen.asset });
    }
    const isPair = original.legs.length === 2;
    if (original.isReversal || (!isPair && amount !== 0n)) {
      return failed('NOT_REVERSIBLE', { transaction_id: transactionId });
    }
    const whole = isPair ? absolute(original.legs[0]?.change ?? 0n) : 1n;
    const left = whole - original.reversed;
    if (left <= 0n || amount > left) {
      return failed('REVERSAL_EXCEEDS_ORIGINAL', { reversible: left, requested: amount });
    }
    const taken = amount === 0n ? left : amount;
    const legs = original.legs.map(({ userId, asset, change }) => ({
      ...{ userId, asset, change: isPair ? (change < 0n ? taken : -taken) : -change },
    }));
    const report = this.book(owner, legs, {}, true);
    if (!('failed' in report)) original.reversed += taken;
    return report;
  }

  private placeHold({ value }: Write & { $case: 'placeHold' }): Report {
    const { userId: owner, asset, amount, destination } = value;
    const { held, frozen } = this.peek(owner, asset);
    if (!frozen && held + amount > MAX) return failed('AMOUNT_OVERFLOW', { user_id: owner, asset });
    const refused = this.refusal([{ userId: owner, asset, change: -amount }]);
    if (refused !== null) return refused;
    this.account(owner, asset).held += amount;
    const hold: Hold = {
      owner,
      asset,
      amount,
      destination: orDefault(destination, '@revenue'),
      state: 'OPEN',
    };
    this.state.holds.set(this.made.holdId, hold);
    return { entries: [], balances: [this.show(owner, asset)], rest: holdLine(amount, 0n, 'OPEN') };
  }

  private endHold(write: Write & { $case: 'captureHold' | 'releaseHold' }): Report {
    const { userId: owner, holdId } = write.value;
    const hold = this.state.holds.get(holdId);
    if (hold?.owner !== owner) return failed('HOLD_NOT_FOUND', { hold_id: holdId });
    const { asset, amount, destination } = hold;
    const account = this.account(owner, asset);
    if (write.$case === 'captureHold' && account.frozen) {
      return failed('ACCOUNT_FROZEN', { user_id: owner, asset });
    }
    if (hold.state !== 'OPEN') return failed('HOLD_NOT_OPEN', { hold_id: holdId, state: hold.state });
    if (write.$case === 'releaseHold') {
      account.held -= amount;
      hold.state = 'RELEASED';
      return { entries: [], balances: [this.show(owner, asset)], rest: holdLine(amount, 0n, 'RELEASED') };
    }
    const requested = write.value.amount ?? 0n;
    if (requested > amount) return failed('CAPTURE_EXCEEDS_HOLD', { held: amount, requested });
    const taken = requested === 0n ? amount : requested;
    account.held -= amount;
    const rest = holdLine(amount, taken, 'CAPTURED');
    const report = this.book(owner, pair(owner, destination, asset, taken), { users: [owner], rest });
    if ('failed' in report) account.held += amount;
    else hold.state = 'CAPTURED';
    return report;
  }

  private update({ value }: Write & { $case: 'updateAccount' }): Report {
    const { userId, asset, minBalance = 0n, frozen = false, updateMask, etag = '' } = value;
    const before = this.peek(userId, asset);
    if (etag !== '' && etag !== before.etag) return failed('CONFLICT', { user_id: userId, asset });
    const available = before.balance - before.held;
    if (updateMask.includes('min_balance') && minBalance > available) {
      return failed('INSUFFICIENT_FUNDS', { available, required: minBalance });
    }
    const account = this.account(userId, asset);
    if (updateMask.includes('min_balance')) account.minBalance = minBalance;
    if (updateMask.includes('frozen')) account.frozen = frozen;
    account.etag = this.made.etag;
    return { entries: [], balances: [this.show(userId, asset)], rest: settingsLine(account) };
  }

  private put(request: PutItemRequest): Report {
    const { itemId, name, asset, price, active = false, grantAsset = '', expectedVersion = 0n } = request;
    const versions = this.state.items.get(itemId) ?? [];
    const current = BigInt(versions.length);
    if (expectedVersion !== 0n && expectedVersion !== current) {
      return failed('CONFLICT', { item_id: itemId, expected: expectedVersion, current });
    }
    this.state.items.set(itemId, [...versions, request]);
    const item = { itemId, name, asset, price, active, grantAsset, version: current + 1n };
    return { entries: [], balances: [], rest: itemLine(item) };
  }

  private book(owner: string, legs: readonly Leg[], shown: Shown = {}, isReversal = false): Report {
    const refused = this.refusal(legs);
    if (refused !== null) return refused;
    const entries = legs.map(({ userId, asset, change }) => {
      const account = this.account(userId, asset);
      account.balance += change;
      account.sequence += 1n;
      const line = `${userId} ${asset} ${change} ${account.sequence} ${account.balance}`;
      const key = `${userId} ${asset}`;
      if (!isSystem(userId)) this.state.entries.set(key, [...(this.state.entries.get(key) ?? []), line]);
      return line;
    });
    this.state.transactions.set(this.made.transactionId, { owner, legs, isReversal, reversed: 0n });
    const { users, asset: only, rest = '' } = shown;
    const showing = legs.filter(
      ({ userId, asset }) =>
        !isSystem(userId) && (users?.includes(userId) ?? true) && (only === undefined || asset === only),
    );
    return { entries, balances: showing.map((leg) => this.show(leg.userId, leg.asset)), rest };
  }

  /** Frozen, then overflow, then funds: each for all legs before the next. */
  private refusal(legs: readonly Leg[]): Report | null {
    const reached = legs.map((leg) => ({ ...leg, ...this.peek(leg.userId, leg.asset) }));
    const frozen = reached.find(({ change, frozen: isFrozen }) => change < 0n && isFrozen);
    if (frozen !== undefined) {
      return failed('ACCOUNT_FROZEN', { user_id: frozen.userId, asset: frozen.asset });
    }
    // A system account has no limit.
    const over = reached.find(
      ({ userId, balance, change }) =>
        !isSystem(userId) && (balance + change > MAX || balance + change < MIN),
    );
    if (over !== undefined) {
      const { userId: user_id, asset, balance, change } = over;
      return failed('AMOUNT_OVERFLOW', { user_id, asset, balance, change });
    }
    const short = reached.find(
      ({ userId, balance, held, change, minBalance }) =>
        change < 0n && !isSystem(userId) && balance - held + change < minBalance,
    );
    if (short === undefined) return null;
    const { userId: user_id, asset, balance, held, change } = short;
    return failed('INSUFFICIENT_FUNDS', {
      ...{ user_id, asset, balance, available: balance - held, required: -change },
    });
  }

  private show(userId: string, asset: string): string {
    return balanceLine({ userId, asset, ...this.peek(userId, asset) });
  }

  private account(userId: string, asset: string): Account {
    const account = this.peek(userId, asset);
    this.state.accounts.set(this.rowOf(userId, asset), account);
    return account;
  }

  /** Without making it. */
  private peek(userId: string, asset: string): Account {
    const none = { balance: 0n, held: 0n, sequence: 0n, minBalance: 0n, frozen: false, etag: '' };
    return this.state.accounts.get(this.rowOf(userId, asset)) ?? none;
  }

  private rowOf(userId: string, asset: string): string {
    const account = `${userId} ${asset}`;
    if (!isSystem(userId)) return account;
    return this.#stripes.get(account) ?? this.#claimStripe(account);
  }

  #claimStripe(account: string): string {
    const rows = [...this.state.accounts].filter(([key]) => key.startsWith(`${account} `));
    const wanted = this.made.stripes.get(account);
    const found = rows.find(
      ([, { balance, sequence }]) => balance === wanted?.balance && sequence === wanted.sequence,
    );
    const row = found?.[0] ?? `${account} ${rows.length + 1}`;
    this.#stripes.set(account, row);
    return row;
  }
}

function isSystem(userId: string): boolean {
  return userId.startsWith('@');
}

function pair(from: string, to: string, asset: string, amount: bigint): Leg[] {
  return [
    { userId: from, asset, change: -amount },
    { userId: to, asset, change: amount },
  ];
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function malformed(): Report {
  return failed('INVALID_FIELD', {});
}

function failed(reason: string, numbers: Readonly<Record<string, string | bigint>>): Report {
  return {
    failed: reason,
    about: Object.fromEntries(Object.entries(numbers).map(([key, value]) => [key, value.toString()])),
  };
}
