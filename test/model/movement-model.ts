import type { Movement } from './random-movements';

/** What an answer says, in words that can be compared: of system accounts only what moved. */
export type Told =
  | { readonly failed: string; readonly about: Readonly<Record<string, string>> }
  | { readonly entries: readonly string[]; readonly hold: string; readonly balances: readonly string[] };

interface Account {
  balance: bigint;
  held: bigint;
  sequence: bigint;
  minBalance: bigint;
  frozen: boolean;
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
  accounts: Map<string, Account>;
  transactions: Map<string, Booked>;
  holds: Map<string, Hold>;
  requests: Map<string, { content: string; told: Told }>;
}

/** Ids that the server made up: of the transaction, and of the hold. */
export interface MadeIds {
  readonly transactionId: string;
  readonly holdId: string;
}

/** The one item there is. */
export const TICKET = { itemId: 'ticket', asset: 'GOLD', price: 5n, grantAsset: 'TICKET' };

/** What the writes of the ledger mean, in memory and one after the other: written from ledger.md, not from the server. */
export class MovementModel {
  private state: State = {
    ...{ accounts: new Map(), transactions: new Map(), holds: new Map(), requests: new Map() },
  };

  /** Answers a write; the ids are those that the server made for it. */
  answer(movement: Movement, made: MadeIds): { told: Told; replayed: boolean } {
    const { scope, requestId, content } = movement;
    const key = `${scope} ${requestId}`;
    const known = this.state.requests.get(key);
    if (known !== undefined) {
      if (known.content === content) return { told: known.told, replayed: true };
      return { told: failed('REQUEST_ID_REUSED', { request_id: requestId }), replayed: false };
    }
    const told = this.decide(movement, made);
    this.state.requests.set(key, { content, told });
    return { told, replayed: false };
  }

  /** All or none; a failure says which. */
  answerAtomic(
    movements: readonly Movement[],
    made: readonly MadeIds[],
  ): Told | readonly { told: Told; replayed: boolean }[] {
    const before = structuredClone(this.state);
    const answers = [];
    for (const [index, movement] of movements.entries()) {
      const answer = this.answer(movement, made[index] ?? { transactionId: '', holdId: '' });
      if ('failed' in answer.told) {
        this.state = before;
        return { ...answer.told, about: { ...answer.told.about, write: `writes[${index}]` } };
      }
      answers.push(answer);
    }
    return answers;
  }

  /** A user's account as GetBalance shows it. */
  balanceOf(userId: string, asset: string): string {
    return this.show(userId, asset);
  }

  private decide(movement: Movement, made: MadeIds): Told {
    switch (movement.$case) {
      case 'credit': {
        const { userId, asset, amount } = movement.value;
        return this.book(movement.scope, made, pair('@issuance', userId, asset, amount).reverse(), [userId]);
      }
      case 'purchase':
        return this.purchase(movement, made);
      case 'transfer': {
        const { fromUserId, toUserId, asset, amount } = movement.value;
        return this.book(fromUserId, made, pair(fromUserId, toUserId, asset, amount), [fromUserId]);
      }
      case 'postTransaction': {
        for (const { userId, asset, expectedSequence } of movement.value.legs) {
          const current = this.peek(userId, asset).sequence;
          if (expectedSequence === undefined || expectedSequence === current) continue;
          return failed('CONFLICT', { user_id: userId, asset, expected: expectedSequence, current });
        }
        return this.book(movement.scope, made, movement.value.legs);
      }
      case 'reverseTransaction':
        return this.reverse(movement, made);
      case 'placeHold':
        return this.place(movement, made);
      case 'captureHold':
      case 'releaseHold':
        return this.end(movement, made);
      case 'updateAccount':
        return this.update(movement);
    }
  }

  private purchase({ value, scope }: Movement & { $case: 'purchase' }, made: MadeIds): Told {
    const { subject } = value;
    if (subject.$case === 'price') {
      const { asset, amount } = subject.value;
      return this.book(scope, made, pair(scope, '@revenue', asset, amount), [scope], asset);
    }
    const { price, asset, grantAsset } = TICKET;
    const { quantity } = subject.value;
    const paid = pair(scope, '@revenue', asset, price * quantity);
    const granted = pair('@issuance', scope, grantAsset, quantity).reverse();
    return this.book(scope, made, [...paid, ...granted], [scope], asset);
  }

  private reverse({ value, scope }: Movement & { $case: 'reverseTransaction' }, made: MadeIds): Told {
    const { transactionId, amount = 0n } = value;
    const original = this.state.transactions.get(transactionId);
    if (original?.owner !== scope) return failed('TRANSACTION_NOT_FOUND', { transaction_id: transactionId });
    const frozen = original.legs.find(
      ({ userId, asset, change }) => change > 0n && this.peek(userId, asset).frozen,
    );
    if (frozen !== undefined)
      return failed('ACCOUNT_FROZEN', { user_id: frozen.userId, asset: frozen.asset });
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
    const told = this.book(scope, made, legs);
    if ('failed' in told) return told;
    original.reversed += taken;
    this.state.transactions.set(made.transactionId, { owner: scope, legs, isReversal: true, reversed: 0n });
    return told;
  }

  private place({ value, scope }: Movement & { $case: 'placeHold' }, made: MadeIds): Told {
    const { asset, amount, destination = '' } = value;
    const refused = this.refusal([{ userId: scope, asset, change: -amount }]);
    if (refused !== null) return refused;
    this.account(scope, asset).held += amount;
    const hold: Hold = { owner: scope, asset, amount, destination: destination || '@revenue', state: 'OPEN' };
    this.state.holds.set(made.holdId, hold);
    return { entries: [], hold: `${amount} 0 OPEN`, balances: [this.show(scope, asset)] };
  }

  private end(movement: Movement & { $case: 'captureHold' | 'releaseHold' }, made: MadeIds): Told {
    const { scope } = movement;
    const { holdId } = movement.value;
    const hold = this.state.holds.get(holdId);
    if (hold?.owner !== scope) return failed('HOLD_NOT_FOUND', { hold_id: holdId });
    const { asset, amount, destination } = hold;
    const account = this.account(scope, asset);
    const captures = movement.$case === 'captureHold';
    if (captures && account.frozen) return failed('ACCOUNT_FROZEN', { user_id: scope, asset });
    if (hold.state !== 'OPEN') return failed('HOLD_NOT_OPEN', { hold_id: holdId, state: hold.state });
    if (!captures) {
      account.held -= amount;
      hold.state = 'RELEASED';
      return { entries: [], hold: `${amount} 0 RELEASED`, balances: [this.show(scope, asset)] };
    }
    const requested = movement.value.amount ?? 0n;
    if (requested > amount) return failed('CAPTURE_EXCEEDS_HOLD', { held: amount, requested });
    const taken = requested === 0n ? amount : requested;
    account.held -= amount;
    hold.state = 'CAPTURED';
    const told = this.book(scope, made, pair(scope, destination, asset, taken), [scope]);
    return 'failed' in told ? told : { ...told, hold: `${amount} ${taken} CAPTURED` };
  }

  private update({ value, scope }: Movement & { $case: 'updateAccount' }): Told {
    const { asset, minBalance = 0n, frozen = false, updateMask, etag = '' } = value;
    const { balance, held } = this.peek(scope, asset);
    if (etag !== '') return failed('CONFLICT', { user_id: scope, asset });
    if (updateMask.includes('min_balance') && minBalance > balance - held) {
      return failed('INSUFFICIENT_FUNDS', { available: balance - held, required: minBalance });
    }
    const account = this.account(scope, asset);
    if (updateMask.includes('min_balance')) account.minBalance = minBalance;
    if (updateMask.includes('frozen')) account.frozen = frozen;
    const settings = `${account.minBalance} ${account.frozen}`;
    return { entries: [], hold: settings, balances: [this.show(scope, asset)] };
  }

  private book(
    owner: string,
    made: MadeIds,
    legs: readonly Leg[],
    shown?: readonly string[],
    asset?: string,
  ): Told {
    const refused = this.refusal(legs);
    if (refused !== null) return refused;
    const entries = legs.map((leg) => {
      if (leg.userId.startsWith('@')) return `${leg.userId} ${leg.asset} ${leg.change}`;
      const account = this.account(leg.userId, leg.asset);
      account.balance += leg.change;
      account.sequence += 1n;
      return `${leg.userId} ${leg.asset} ${leg.change} ${account.sequence} ${account.balance}`;
    });
    this.state.transactions.set(made.transactionId, { owner, legs, isReversal: false, reversed: 0n });
    const showing = legs.filter(
      (leg) =>
        !leg.userId.startsWith('@') &&
        (shown === undefined || shown.includes(leg.userId)) &&
        (asset === undefined || leg.asset === asset),
    );
    return { entries, hold: '', balances: showing.map((leg) => this.show(leg.userId, leg.asset)) };
  }

  /** Frozen before short, each for all legs. */
  private refusal(legs: readonly Leg[]): Told | null {
    const debits = legs
      .filter(({ userId, change }) => change < 0n && !userId.startsWith('@'))
      .map((leg) => ({ ...leg, account: this.peek(leg.userId, leg.asset) }));
    const frozen = debits.find(({ account }) => account.frozen);
    if (frozen !== undefined)
      return failed('ACCOUNT_FROZEN', { user_id: frozen.userId, asset: frozen.asset });
    const short = debits.find(
      ({ account: { balance, held, minBalance }, change }) => balance - held + change < minBalance,
    );
    if (short === undefined) return null;
    const { userId: user_id, asset, change, account } = short;
    const available = account.balance - account.held;
    return failed('INSUFFICIENT_FUNDS', {
      user_id,
      asset,
      balance: account.balance,
      available,
      required: -change,
    });
  }

  private show(userId: string, asset: string): string {
    const { balance, held, sequence } = this.peek(userId, asset);
    return `${userId} ${asset} ${balance} ${held} ${balance - held} ${sequence}`;
  }

  private account(userId: string, asset: string): Account {
    const account = this.peek(userId, asset);
    this.state.accounts.set(`${userId} ${asset}`, account);
    return account;
  }

  private peek(userId: string, asset: string): Account {
    const none = { balance: 0n, held: 0n, sequence: 0n, minBalance: 0n, frozen: false };
    return this.state.accounts.get(`${userId} ${asset}`) ?? none;
  }
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

function failed(reason: string, numbers: Readonly<Record<string, string | bigint>>): Told {
  return {
    failed: reason,
    about: Object.fromEntries(Object.entries(numbers).map(([key, value]) => [key, value.toString()])),
  };
}
