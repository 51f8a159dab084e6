import {
  contentOfCommand,
  isWellFormed,
  nameOf,
  scopeOf,
  type RandomCommand,
  type Settings,
} from './random-commands';

/** What the ledger must answer. */
export type ModelAnswer =
  | { readonly type: 'malformed' }
  | { readonly type: 'reused' }
  | { readonly type: 'failed'; readonly reason: string; readonly metadata: Readonly<Record<string, string>> }
  | {
      readonly type: 'booked';
      readonly entries: readonly ModelEntry[];
      /** Of the first entry's account. */
      readonly balance: bigint;
      readonly snapshot: ModelSnapshot | null;
    }
  | { readonly type: 'put'; readonly item: ModelItem };

export interface ModelEntry {
  readonly userId: string;
  readonly asset: string;
  readonly sequence: bigint;
  readonly change: bigint;
  readonly balanceAfter: bigint;
}

export interface ModelItem {
  readonly itemId: string;
  readonly name: string;
  readonly asset: string;
  readonly price: bigint;
  readonly active: boolean;
  readonly grantAsset: string;
  readonly version: bigint;
}

interface ModelSnapshot {
  readonly itemId: string;
  readonly name: string;
  readonly priceVersion: bigint;
  readonly unitPrice: bigint;
  readonly quantity: bigint;
}

interface ModelAccount {
  balance: bigint;
  frozen: boolean;
  minBalance: bigint;
  entries: ModelEntry[];
}

interface ModelLeg {
  readonly userId: string;
  readonly asset: string;
  readonly change: bigint;
}

const MOST = 2n ** 63n - 1n;
const LEAST = -(2n ** 63n);

/**
 * What the ledger means, in memory and for one caller at a time: written from ledger.md, not from the server. Each
 * server has a row of its own of every system account.
 */
export class LedgerModel {
  private readonly accounts = new Map<string, ModelAccount>();
  private readonly items = new Map<string, ModelItem[]>();
  private readonly requests = new Map<string, { content: string; answer: ModelAnswer }>();

  /** @param honoursOldPrices whether a superseded price is within its grace period, or always past it */
  constructor(private readonly honoursOldPrices: boolean) {}

  /** Answers a command that a server gets. */
  answer(command: RandomCommand, server: number): { answer: ModelAnswer; replayed: boolean } {
    if (!isWellFormed(command)) return { answer: { type: 'malformed' }, replayed: false };
    const key = `${scopeOf(command)} ${command.requestId}`;
    const content = contentOfCommand(command);
    const known = this.requests.get(key);
    if (known !== undefined) {
      const same = known.content === content;
      return { answer: same ? known.answer : { type: 'reused' }, replayed: same };
    }
    const answer = this.decide(command, server);
    this.requests.set(key, { content, answer });
    return { answer, replayed: false };
  }

  /** Whether the settings could be changed: the account must be there and have enough. */
  changeSettings({ user, asset, frozen, minBalance }: Settings): boolean {
    const account = this.accounts.get(`${user} ${asset}`);
    if (account === undefined || account.balance < minBalance) return false;
    account.frozen = frozen;
    account.minBalance = minBalance;
    return true;
  }

  /** The entries of a user's account, oldest first. */
  entriesOf(userId: string, asset: string): readonly ModelEntry[] {
    return this.accounts.get(`${userId} ${asset}`)?.entries ?? [];
  }

  /** The balance of an account and its number of entries, over all servers. */
  balanceOf(userId: string, asset: string): { balance: bigint; sequence: bigint } {
    const total = { balance: 0n, sequence: 0n };
    for (const [key, { balance, entries }] of this.accounts) {
      if (key !== `${userId} ${asset}` && !key.startsWith(`${userId} ${asset} `)) continue;
      total.balance += balance;
      total.sequence += BigInt(entries.length);
    }
    return total;
  }

  private decide(command: RandomCommand, server: number): ModelAnswer {
    switch (command.kind) {
      case 'put':
        return this.put(command);
      case 'credit': {
        const { user, asset, amount, source } = command;
        return this.book(server, null, [
          { userId: user, asset, change: amount },
          { userId: source || '@issuance', asset, change: -amount },
        ]);
      }
      case 'pay': {
        const { user, asset, amount, destination } = command;
        return this.book(server, null, [
          { userId: user, asset, change: -amount },
          { userId: destination || '@revenue', asset, change: amount },
        ]);
      }
      case 'buy':
        return this.buy(command, server);
    }
  }

  private put(command: RandomCommand & { kind: 'put' }): ModelAnswer {
    const versions = this.items.get(command.item) ?? [];
    const current = BigInt(versions.length);
    if (command.expected !== 0n && command.expected !== current) {
      return failed('CONFLICT', { item_id: command.item, expected: command.expected, current });
    }
    const { item: itemId, asset, price, active, grant: grantAsset } = command;
    const item = { itemId, name: nameOf(itemId), asset, price, active, grantAsset, version: current + 1n };
    this.items.set(itemId, [...versions, item]);
    return { type: 'put', item };
  }

  private buy(command: RandomCommand & { kind: 'buy' }, server: number): ModelAnswer {
    const { user, item: itemId, quantity, version, destination } = command;
    const versions = this.items.get(itemId) ?? [];
    const current = versions.at(-1);
    const paid = version === 0n ? current : versions[Number(version) - 1];
    // Existence.
    if (current === undefined || paid === undefined) {
      return failed('ITEM_NOT_FOUND', { item_id: itemId, ...(version === 0n ? {} : { version }) });
    }
    // State: the account's, then the item's, then the price's.
    if (this.accounts.get(`${user} ${paid.asset}`)?.frozen === true) {
      return failed('ACCOUNT_FROZEN', { user_id: user, asset: paid.asset });
    }
    if (!current.active)
      return failed('ITEM_INACTIVE', { item_id: itemId, current_version: current.version });
    if (paid !== current && !this.honoursOldPrices) {
      return failed('PRICE_CHANGED', {
        ...{ item_id: itemId, price_version: paid.version, current_version: current.version },
        ...{ current_price: current.price, asset: current.asset },
      });
    }
    // Overflow of the total; of the balances, and funds, by the legs.
    const total = paid.price * quantity;
    if (total > MOST) return failed('AMOUNT_OVERFLOW', { item_id: itemId, price: paid.price, quantity });
    const legs = [
      { userId: user, asset: paid.asset, change: -total },
      { userId: destination || '@revenue', asset: paid.asset, change: total },
    ];
    if (paid.grantAsset !== '') {
      legs.push({ userId: user, asset: paid.grantAsset, change: quantity });
      legs.push({ userId: '@issuance', asset: paid.grantAsset, change: -quantity });
    }
    const { name, version: priceVersion, price: unitPrice } = paid;
    return this.book(server, { itemId, name, priceVersion, unitPrice, quantity }, legs);
  }

  private book(server: number, snapshot: ModelSnapshot | null, legs: readonly ModelLeg[]): ModelAnswer {
    const refused = this.refusal(legs, server);
    if (refused !== null) return refused;
    const entries = legs.map(({ userId, asset, change }) => {
      const account = this.account(userId, asset, server);
      const sequence = BigInt(account.entries.length) + 1n;
      const entry = { userId, asset, sequence, change, balanceAfter: account.balance + change };
      account.balance = entry.balanceAfter;
      account.entries.push(entry);
      return entry;
    });
    return { type: 'booked', entries, balance: entries[0]?.balanceAfter ?? 0n, snapshot };
  }

  /** Frozen, then overflow, then funds: each for all legs before the next. */
  private refusal(legs: readonly ModelLeg[], server: number): ModelAnswer | null {
    const reached = legs.map((leg) => {
      const { balance, frozen, minBalance } = this.peek(leg.userId, leg.asset, server);
      return { ...leg, balance, frozen, minBalance };
    });
    const frozen = reached.find((leg) => leg.change < 0n && leg.frozen);
    if (frozen !== undefined)
      return failed('ACCOUNT_FROZEN', { user_id: frozen.userId, asset: frozen.asset });
    const over = reached.find(({ balance, change }) => balance + change > MOST || balance + change < LEAST);
    if (over !== undefined) {
      const { userId: user_id, asset, balance, change } = over;
      return failed('AMOUNT_OVERFLOW', { user_id, asset, balance, change });
    }
    const short = reached.find(
      ({ userId, balance, change, minBalance }) =>
        change < 0n && !userId.startsWith('@') && balance + change < minBalance,
    );
    if (short === undefined) return null;
    return failed('INSUFFICIENT_FUNDS', {
      ...{ user_id: short.userId, asset: short.asset, balance: short.balance, available: short.balance },
      ...{ required: -short.change },
    });
  }

  private account(userId: string, asset: string, server: number): ModelAccount {
    const key = userId.startsWith('@') ? `${userId} ${asset} ${server}` : `${userId} ${asset}`;
    let account = this.accounts.get(key);
    if (account === undefined) {
      account = { balance: 0n, frozen: false, minBalance: 0n, entries: [] };
      this.accounts.set(key, account);
    }
    return account;
  }

  /** Without making it. */
  private peek(userId: string, asset: string, server: number): Omit<ModelAccount, 'entries'> {
    const key = userId.startsWith('@') ? `${userId} ${asset} ${server}` : `${userId} ${asset}`;
    return this.accounts.get(key) ?? { balance: 0n, frozen: false, minBalance: 0n };
  }
}

function failed(reason: string, numbers: Readonly<Record<string, string | bigint>>): ModelAnswer {
  const metadata = Object.fromEntries(Object.entries(numbers).map(([key, value]) => [key, value.toString()]));
  return { type: 'failed', reason, metadata };
}
