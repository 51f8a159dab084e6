import type { ConnectionLimits } from './connection-limits';

type BudgetLimits = Pick<ConnectionLimits, 'addressResetsMax' | 'addressResetsPerSecond'>;

/**
 * How many calls one address may cancel, over all of its connections: each takes one of its budget, each call that is
 * answered gives one back, and so does time. A caller that opens another connection does not begin anew.
 */
export class AddressBudget {
  /** Connections of the address. */
  connections = 0;
  /** Up to twice the budget, so that a spent one is there again after a bounded time. */
  private spent = 0;

  constructor(
    private readonly limits: BudgetLimits,
    private countedAt: number,
  ) {}

  cancelled(now: number): void {
    this.forgive(now);
    this.spent = Math.min(this.spent + 1, 2 * this.limits.addressResetsMax);
  }

  answered(): void {
    if (this.spent > 0) this.spent = Math.max(0, this.spent - 1);
  }

  isSpent(now: number): boolean {
    this.forgive(now);
    return this.spent > this.limits.addressResetsMax;
  }

  /** Whether nothing has to be remembered of it. */
  isFull(now: number): boolean {
    this.forgive(now);
    return this.spent === 0;
  }

  private forgive(now: number): void {
    const forgiven = ((now - this.countedAt) / 1000) * this.limits.addressResetsPerSecond;
    this.spent = Math.max(0, this.spent - forgiven);
    this.countedAt = now;
  }
}

/** The budgets of all addresses that have a connection or have not been forgiven yet. */
export class AddressBudgets {
  private readonly budgets = new Map<string, AddressBudget>();

  constructor(private readonly limits: BudgetLimits) {}

  get size(): number {
    return this.budgets.size;
  }

  /** That of the address of a socket; undefined: one of its own, for a socket that has none. */
  of(address: string | undefined, now: number): AddressBudget {
    if (address === undefined) return new AddressBudget(this.limits, now);
    const key = networkOf(address);
    const known = this.budgets.get(key);
    if (known !== undefined) return known;
    const budget = new AddressBudget(this.limits, now);
    this.budgets.set(key, budget);
    return budget;
  }

  /** Forgets those that are as good as new. */
  sweep(now: number): void {
    for (const [address, budget] of this.budgets) {
      if (budget.connections === 0 && budget.isFull(now)) this.budgets.delete(address);
    }
  }
}

/** One machine has as many IPv6 addresses as it likes, all with the same first half. */
function networkOf(address: string): string {
  // An IPv4 address is also written as ::ffff:192.0.2.1.
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(Math.max(0, 8 - groups.length - rest.length)).fill('0');
  return [...groups, ...zeros, ...rest].slice(0, 4).join(':');
}
