import { CallError } from '@ledger/kit/rpc/call-error';
import type { BatchRunner } from './batch-runner';
import type { Envelope, Write } from './batch-transaction';
import { Held } from './held';
import type { LockWaits } from './lock-waits';
import type { WaitLimit } from './wait-limit';
import { SetApart, type WriteResult } from './write-result';

/** What a write comes to in its batch: its result, or a place where it waits for one. */
export type BatchResult = WriteResult | SetApart;

/**
 * Runs batches without waiting for what another session holds: the writes that need it are set apart, and have their
 * results later. So are writes on accounts that others wait for already, which keeps their order.
 */
export class LockAwareRunner {
  constructor(
    private readonly runner: BatchRunner,
    private readonly lockWaits: LockWaits,
  ) {}

  /** Never throws. The results are in the order of the writes. */
  async run<W extends Write>(writes: readonly W[], limitOf: (write: W) => WaitLimit): Promise<BatchResult[]> {
    const { lockWaits } = this;
    const setApart = (write: W, held: Held): SetApart =>
      new SetApart(lockWaits.wait(write, held, limitOf(write)));
    if (lockWaits.isEmpty) {
      const results = await this.runner.run(writes);
      return writes.map((write, index) => resultOr(setApart, write, results[index]));
    }
    const heldBefore = new Map<W, SetApart>();
    for (const write of writes) {
      const held = lockWaits.waitsWith(write.command);
      if (held !== null) heldBefore.set(write, setApart(write, held));
    }
    const rest = writes.filter((write) => !heldBefore.has(write));
    const results = rest.length === 0 ? [] : await this.runner.run(rest);
    const next = results.values();
    return writes.map((write) => heldBefore.get(write) ?? resultOr(setApart, write, next.next().value));
  }

  /** Never throws. An atomic batch has one result as a whole. */
  async runAtomic(envelope: Envelope, writes: readonly Write[], limit: WaitLimit): Promise<BatchResult> {
    const result = await this.runner.runAtomic(envelope, writes);
    if (!(result instanceof Held)) return result;
    return new SetApart(this.lockWaits.waitAtomic(envelope, writes, result, limit));
  }
}

function resultOr<W>(
  setApart: (write: W, held: Held) => SetApart,
  write: W,
  result: WriteResult | Held | undefined,
): BatchResult {
  if (result instanceof Held) return setApart(write, result);
  return result ?? new CallError('INTERNAL', 'a write got no result');
}
