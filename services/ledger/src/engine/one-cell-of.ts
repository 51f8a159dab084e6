import { CATALOG_SCOPE } from '../ledger/command';
import type { Placement } from '../ledger/placement';
import type { Command } from '../ledger/writes';
import { accountsNamedBy } from './held';
import type { RequestKey } from './batch-cells';

/**
 * The cell that writes touch, as far as they say it themselves; null: several. A batch that learns only from a hold or an
 * original that it touches another one takes that in.
 */
export function oneCellOf(
  placement: Placement,
  commands: readonly Command[],
  requests: readonly RequestKey[],
): number | null {
  let only: number | null = null;
  const isSame = (cell: number): boolean => {
    only ??= cell;
    return cell === only;
  };
  for (const { scope, requestId } of requests) {
    // Every cell has the catalog.
    if (scope === CATALOG_SCOPE || !isSame(placement.ofRequest(scope, requestId))) return null;
  }
  for (const command of commands) {
    for (const { userId } of accountsNamedBy(command)) if (!isSame(placement.ofUser(userId))) return null;
  }
  return only;
}
