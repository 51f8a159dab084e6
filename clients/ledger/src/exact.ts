/** The balance of an account: exact also where it is that of a system account and beyond int64. */
export function exactBalance(account: { readonly balance: bigint; readonly exactBalance: string }): bigint {
  return exact(account.balance, account.exactBalance);
}

/** The balance after an entry, as `exactBalance`. */
export function exactBalanceAfter(entry: {
  readonly balanceAfter: bigint;
  readonly exactBalanceAfter: string;
}): bigint {
  return exact(entry.balanceAfter, entry.exactBalanceAfter);
}

/** What was taken from the account up to an entry, as `exactBalance`. */
export function exactDebitsAfter(entry: {
  readonly debitsAfter: bigint;
  readonly exactDebitsAfter: string;
}): bigint {
  return exact(entry.debitsAfter, entry.exactDebitsAfter);
}

/** The exact text is there only where int64 cannot hold the value. */
function exact(value: bigint, text: string): bigint {
  return text === '' ? value : BigInt(text);
}
