import { AddressBudgets } from './address-budget';

const limits = { addressResetsMax: 10, addressResetsPerSecond: 2 };

function spend(budgets: AddressBudgets, address: string, count: number, now = 0): void {
  for (let index = 0; index < count; index += 1) budgets.of(address, now).cancelled(now);
}

it('is spent beyond its limit, and there again with time', () => {
  const budgets = new AddressBudgets(limits);
  spend(budgets, '192.0.2.1', 10);
  expect(budgets.of('192.0.2.1', 0).isSpent(0)).toBe(false);
  spend(budgets, '192.0.2.1', 1);
  expect(budgets.of('192.0.2.1', 0).isSpent(0)).toBe(true);
  expect(budgets.of('192.0.2.2', 0).isSpent(0)).toBe(false);
  expect(budgets.of('192.0.2.1', 0).isSpent(500)).toBe(false);
});

it('is there again after a bounded time, whatever was cancelled', () => {
  const budgets = new AddressBudgets(limits);
  spend(budgets, '192.0.2.1', 1_000_000);
  expect(budgets.of('192.0.2.1', 0).isSpent(4_900)).toBe(true);
  expect(budgets.of('192.0.2.1', 0).isSpent(5_000)).toBe(false);
});

it('gets one back for each answer', () => {
  const budgets = new AddressBudgets(limits);
  spend(budgets, '192.0.2.1', 12);
  const budget = budgets.of('192.0.2.1', 0);
  budget.answered();
  expect(budget.isSpent(0)).toBe(true);
  budget.answered();
  expect(budget.isSpent(0)).toBe(false);
});

it.each([
  ['2001:db8:1:2::3', '2001:db8:1:2:ffff::4', true],
  ['2001:db8::1', '2001:db8:0:0:1::', true],
  ['2001:db8:1:2::3', '2001:db8:1:3::3', false],
  ['::1', '::2', true],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.2', false],
])('takes %s and %s for one network: %s', (one, other, same) => {
  const budgets = new AddressBudgets(limits);
  expect(budgets.of(one, 0) === budgets.of(other, 0)).toBe(same);
});

it('forgets addresses that have no connection and are as good as new', () => {
  const budgets = new AddressBudgets(limits);
  spend(budgets, '192.0.2.1', 1);
  budgets.of('192.0.2.2', 0).connections = 1;
  budgets.of('192.0.2.3', 0);
  budgets.sweep(0);
  expect(budgets.size).toBe(2);
  budgets.sweep(500);
  expect(budgets.size).toBe(1);
});
