import { Balance, Entry } from '@ledger/proto/ledger/v1/ledger';
import { exactBalance, exactBalanceAfter, exactDebitsAfter } from './exact';

const INT64_MAX = 2n ** 63n - 1n;
const beyond = 2n ** 70n;

it('gives the plain value where int64 holds it', () => {
  expect(exactBalance(Balance.fromPartial({ balance: -5n }))).toBe(-5n);
  const entry = Entry.fromPartial({ balanceAfter: 7n, debitsAfter: INT64_MAX });
  expect([exactBalanceAfter(entry), exactDebitsAfter(entry)]).toEqual([7n, INT64_MAX]);
});

it('gives the exact value where int64 does not', () => {
  const balance = Balance.fromPartial({ balance: -INT64_MAX, exactBalance: String(-beyond) });
  expect(exactBalance(balance)).toBe(-beyond);
  const exact = { exactBalanceAfter: String(beyond), exactDebitsAfter: String(beyond + 1n) };
  const entry = Entry.fromPartial({ balanceAfter: INT64_MAX, debitsAfter: INT64_MAX, ...exact });
  expect([exactBalanceAfter(entry), exactDebitsAfter(entry)]).toEqual([beyond, beyond + 1n]);
});
