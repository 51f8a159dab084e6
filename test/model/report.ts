import { HoldState } from '@ledger/client';
import type { Outcome } from '../faults/outcome';

/** What an answer says, in lines that compare and print well. */
export type Report =
  | { readonly failed: string; readonly about: Readonly<Record<string, string>> }
  | {
      /** `ann GOLD -5 3 95`: the change, the sequence, the balance after it. */
      readonly entries: readonly string[];
      /** `ann GOLD 95 10 85 3`: the balance, of that held, of that available, the sequence. */
      readonly balances: readonly string[];
      /** What else there is: the hold, the item, the settings. */
      readonly rest: string;
    };

export interface BalanceLine {
  readonly userId: string;
  readonly asset: string;
  readonly balance: bigint;
  readonly held: bigint;
  readonly sequence: bigint;
}

/** An answer of the server in the terms of the model. */
export function reportOf(outcome: Outcome): Report {
  if (outcome.type === 'refused') return { failed: outcome.reason, about: outcome.about };
  const { transaction, balances, hold, item, account } = outcome.response;
  const rest: string[] = [];
  if (transaction?.item !== undefined) {
    const { itemId, name, priceVersion, unitPrice, quantity } = transaction.item;
    rest.push(soldLine({ itemId, name, priceVersion, unitPrice, quantity }));
  }
  if (hold !== undefined) rest.push(holdLine(hold.amount, hold.capturedAmount, HoldState[hold.state]));
  if (item !== undefined) rest.push(itemLine(item));
  if (account !== undefined) rest.push(settingsLine(account));
  const shown = account === undefined ? balances : [account];
  return {
    entries: (transaction?.entries ?? []).map(
      ({ userId, asset, change, sequence, balanceAfter, exactBalanceAfter }) =>
        `${userId} ${asset} ${change} ${sequence} ${exactBalanceAfter || balanceAfter}`,
    ),
    balances: shown.map(({ held = 0n, ...balance }) => balanceLine({ held, ...balance })),
    rest: rest.join(', '),
  };
}

export function balanceLine({ userId, asset, balance, held, sequence }: BalanceLine): string {
  return `${userId} ${asset} ${balance} ${held} ${balance - held} ${sequence}`;
}

export function holdLine(amount: bigint, captured: bigint, state: string | undefined): string {
  return `hold of ${amount}: ${state ?? 'unknown'}, captured ${captured}`;
}

export function soldLine(sold: {
  readonly itemId: string;
  readonly name: string;
  readonly priceVersion: bigint;
  readonly unitPrice: bigint;
  readonly quantity: bigint;
}): string {
  return `${sold.quantity} × ${sold.itemId} (${sold.name}) at ${sold.unitPrice}, version ${sold.priceVersion}`;
}

export function itemLine(item: {
  readonly itemId: string;
  readonly name: string;
  readonly asset: string;
  readonly price: bigint;
  readonly active: boolean;
  readonly grantAsset: string;
  readonly version: bigint;
}): string {
  const { itemId, name, asset, price, active, grantAsset, version } = item;
  return [itemId, name, asset, price, active ? 'active' : 'inactive', grantAsset, version].join(' | ');
}

export function settingsLine(settings: { readonly minBalance: bigint; readonly frozen: boolean }): string {
  return `settings ${settings.minBalance} ${settings.frozen ? 'frozen' : 'open'}`;
}
