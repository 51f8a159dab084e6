import { BalanceCoalescer } from './balance-coalescer';
import type { Lane } from './call';
import type { LedgerClientOptions, Transport } from './transport';
import { WriteCoalescer } from './write-coalescer';

const DEFAULT_MAX_QUEUED = 100_000;

/**
 * How the calls of a client travel together. None do when it is told so, and when its metadata are made for each call: a
 * message of many calls has only one set of them.
 */
export function openLanes(
  transport: Transport,
  { coalesce, maxQueued }: LedgerClientOptions,
): readonly Lane[] {
  if (coalesce === false || typeof transport.headers.metadata === 'function') return [];
  return [new WriteCoalescer(transport, maxQueued ?? DEFAULT_MAX_QUEUED), new BalanceCoalescer(transport)];
}
