import { CallError } from '@ledger/kit/rpc/call-error';
import { setTimeout as delay } from 'node:timers/promises';
import type { QueryRunner } from 'typeorm';
import { CommitUnknown } from '../store/pg/pipelined-transaction';
import { sqlFault, type SqlFault } from '@ledger/kit/postgres/sql-state';
import { incarnationsOf, LedgerAheadOfCluster } from '../store/statements/ensure-incarnation';
import { claimSlot } from '../store/statements/claim-slot';
import { connectionOf, type Connection } from '../store/pg/connection';
import type { Store } from '../store/store';
import {
  runAtomicBatch,
  runBatchTransaction,
  type BatchSettings,
  type Envelope,
  type Write,
} from './batch-transaction';
import { isSystemAccount, type AccountKey } from '../ledger/account';
import { STRIPES_PER_CELL } from '../ledger/placement';
import { settleDueHolds } from './settle-due-holds';
import { limitSession, type SessionLimits } from '../store/statements/limit-session';
import { Held, heldAlone } from './held';
import type { LockMode } from './locked-state';
import type { OutcomeEncoder } from './outcome-encoder';
import type { NoOutcome, WriteResult } from './write-result';
import { LostRace } from './write-rows';

/** How often a batch that lost a race or met a deadlock is run in all. */
const MAX_ATTEMPTS = 20;

/** How long a COMMIT of unknown outcome is resolved before callers are told to repeat. */
const RESOLVE_UNKNOWN_MS = 10_000;

/**
 * How many attempts may fail while a batch is split for an error that may be that of the set-up, which no splitting
 * cures: enough to find one command among ten thousand, each half failing on the way.
 */
const SPLITS_MAX = 16;

/** Waits between attempts: none at first, then doubled up to the maximum. */
const FIRST_BACKOFF_MS = 5;
const MAX_BACKOFF_MS = 250;

/** What a runner of batches needs. */
export interface BatchRunnerSettings {
  readonly store: Store;
  readonly encoder: OutcomeEncoder;
  /** How many stripes a system account has in each cell. */
  readonly stripes: number;
  readonly priceGraceMicros: bigint;
  /** The most open holds of an account. */
  readonly openHoldsMax: number;
  /** How long its session may hold locks. */
  readonly sessionLimits: SessionLimits;
  /** Called for every attempt that failed. */
  readonly onFault: (fault: BatchFault) => void;
}

/** An attempt that failed and what is done about it. */
export interface BatchFault {
  readonly error: unknown;
  readonly batchSize: number;
  readonly attempt: number;
  readonly action: 'run again' | 'split' | 'set apart' | 'reject';
}

/**
 * Runs batches on one connection, one after the other, until each write has a result. An attempt that failed is
 * handled by its error: a command at fault splits the batch, so it never fails its neighbours; a lost race or a
 * deadlock runs the batch again; a database that is away fails the batch as a whole. A COMMIT whose answer did not
 * come is resolved: the batch is run again until its outcome is known, since the first attempt may have been booked.
 *
 * What another session holds is not waited for longer than the lock timeout: the batch is run again without the writes
 * that need it. Those are for the caller to try again.
 */
export class BatchRunner {
  private writer: { readonly runner: QueryRunner; readonly connection: Connection } | null = null;
  /** The stripe of system accounts that it uses in each cell. */
  private slot = 0;

  /** @param cell where it works: runners of one cell share its stripes; null: in several */
  constructor(
    private readonly settings: BatchRunnerSettings,
    private readonly cell: number | null,
  ) {}

  /**
   * Never throws. The results are in the order of the writes.
   *
   * @param lockMode whether rows that another session holds are waited for at first
   */
  async run(writes: readonly Write[], lockMode: LockMode = 'wait'): Promise<(WriteResult | Held)[]> {
    const { slot } = this;
    const results = await this.runPart(writes, newSplits(), lockMode);
    const left = writes.filter((_, index) => isHeldStripe(results[index], slot));
    if (left.length === 0) return results;
    // Somebody holds the row of a system account that this runner uses; another stripe does as well.
    this.slot = (slot + 1 + Math.floor(Math.random() * (this.settings.stripes - 1))) % this.settings.stripes;
    const rest = (await this.runPart(left, newSplits(), 'skip')).values();
    return results.map((result) => (isHeldStripe(result, slot) ? (rest.next().value ?? result) : result));
  }

  /** Never throws. An atomic batch has one result as a whole. */
  async runAtomic(
    envelope: Envelope,
    writes: readonly Write[],
    lockMode: LockMode = 'wait',
  ): Promise<WriteResult | Held> {
    const result = await this.complete(writes.length, null, lockMode, (runner, settings) =>
      runAtomicBatch(runner, envelope, writes, settings),
    );
    if (result === 'split') return new CallError('INTERNAL', 'an atomic batch cannot be split');
    if (result !== 'held') return result;
    // Once more, to learn what is held.
    if (lockMode === 'wait') return this.runAtomic(envelope, writes, 'skip');
    return writes[0] === undefined
      ? new CallError('INTERNAL', 'an atomic batch without writes')
      : heldAlone(writes[0].command);
  }

  /** Never throws. Settles some of the expired holds of an account. Returns whether some are left. */
  async settleHolds(account: AccountKey): Promise<boolean> {
    const left = await this.complete(1, null, 'wait', (runner) =>
      settleDueHolds(runner, this.settings.store.placement, account),
    );
    return left === true || left === 'held';
  }

  private async runPart(
    writes: readonly Write[],
    splits: Splits,
    lockMode: LockMode,
  ): Promise<(WriteResult | Held)[]> {
    const results = await this.complete(
      writes.length,
      writes.length > 1 ? splits : null,
      lockMode,
      (runner, settings) => runBatchTransaction(runner, writes, settings),
    );
    if (results === 'held') {
      if (lockMode === 'wait') return this.runPart(writes, splits, 'skip');
      if (writes.length === 1 || splits.left === 0) return writes.map(({ command }) => heldAlone(command));
      splits.left -= 1;
      return this.runHalves(writes, splits, lockMode);
    }
    if (results === 'split') return this.runHalves(writes, splits, lockMode);
    return results instanceof CallError ? writes.map(() => results) : results;
  }

  /** Attempts until there is an outcome, or nothing more can be done. */
  private async complete<T>(
    batchSize: number,
    splits: Splits | null,
    lockMode: LockMode,
    work: (runner: QueryRunner, settings: BatchSettings) => Promise<T>,
  ): Promise<T | NoOutcome | 'split' | 'held'> {
    let resolveUntil: number | null = null;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.attempt(lockMode, work);
      } catch (error) {
        const isUnknown = error instanceof CommitUnknown;
        if (isUnknown) resolveUntil ??= Date.now() + RESOLVE_UNKNOWN_MS;
        const fault = faultOf(error);
        if (isUnknown || fault === 'unavailable') await this.discard();
        const unknown = resolveUntil === null ? null : { isOver: Date.now() >= resolveUntil };
        const action = actionFor(fault, splits, attempt, unknown);
        this.settings.onFault({ error, batchSize, attempt, action });
        if (action === 'split') return 'split';
        if (action === 'set apart') return 'held';
        if (action === 'reject') return noOutcome(unknown === null ? fault : 'unavailable', error);
        await delay(backoffMs(attempt));
      }
    }
  }

  /** Gives the connection back. */
  async release(): Promise<void> {
    const { writer } = this;
    this.writer = null;
    await writer?.runner.release();
  }

  /** Closes the connection: it did not answer, or nobody knows what it is still doing. */
  private async discard(): Promise<void> {
    if (this.writer !== null) this.settings.store.destroyWriter(this.writer.connection);
    await this.release();
  }

  private async attempt<T>(
    lockMode: LockMode,
    work: (runner: QueryRunner, settings: BatchSettings) => Promise<T>,
  ): Promise<T> {
    const runner = await this.connectedRunner();
    const { store, encoder, priceGraceMicros, openHoldsMax } = this.settings;
    const { placement } = store;
    const incarnations = await incarnationsOf(await connectionOf(runner), placement.cells);
    const onThrown = (error: Error): void => {
      this.settings.onFault({ error, batchSize: 1, attempt: 1, action: 'reject' });
    };
    return work(runner, {
      ...{ placement, slot: this.slot, incarnations, priceGraceMicros, openHoldsMax },
      ...{ lockMode, encoder, onThrown },
    });
  }

  private async connectedRunner(): Promise<QueryRunner> {
    const { store, stripes, sessionLimits } = this.settings;
    if (this.writer !== null) {
      const { runner, connection } = this.writer;
      if (!runner.isReleased && store.isCurrent(connection)) return runner;
      await this.discard();
    }
    const runner = await store.leaseWriter();
    const connection = await connectionOf(runner);
    this.writer = { runner, connection };
    const [claimed] = await Promise.all([
      claimSlot(connection, stripes, this.cell ?? store.placement.cells.length),
      limitSession(connection, sessionLimits),
    ]);
    this.slot = claimed ?? Math.floor(Math.random() * stripes);
    return runner;
  }

  private async runHalves(
    writes: readonly Write[],
    splits: Splits,
    lockMode: LockMode,
  ): Promise<(WriteResult | Held)[]> {
    const middle = Math.ceil(writes.length / 2);
    const first = await this.runPart(writes.slice(0, middle), splits, lockMode);
    const second = await this.runPart(writes.slice(middle), splits, lockMode);
    return [...first, ...second];
  }
}

/** How many more attempts may fail before a batch is no longer split. Shared by all parts of a batch. */
interface Splits {
  left: number;
}

function newSplits(): Splits {
  return { left: SPLITS_MAX };
}

function isHeldStripe(result: WriteResult | Held | undefined, slot: number): boolean {
  return (
    result instanceof Held && isSystemAccount(result.userId) && result.stripe % STRIPES_PER_CELL === slot
  );
}

/** @param unknown whether an attempt before may have been booked, and whether the time to find that out is over */
function actionFor(
  fault: SqlFault,
  splits: Splits | null,
  attempt: number,
  unknown: { readonly isOver: boolean } | null,
): BatchFault['action'] {
  switch (fault) {
    case 'refused':
      return splits === null ? 'reject' : 'split';
    case 'broken':
      if (splits === null || splits.left === 0) return 'reject';
      splits.left -= 1;
      return 'split';
    case 'retry':
      if (unknown !== null) return unknown.isOver && attempt >= MAX_ATTEMPTS ? 'reject' : 'run again';
      return attempt < MAX_ATTEMPTS ? 'run again' : 'set apart';
    case 'held':
      // What may be booked already must not be told as held.
      if (unknown !== null) return unknown.isOver ? 'reject' : 'run again';
      return 'set apart';
    case 'unavailable':
      return unknown?.isOver === false ? 'run again' : 'reject';
  }
}

function faultOf(error: unknown): SqlFault {
  return error instanceof LostRace || error instanceof CommitUnknown ? 'retry' : sqlFault(error);
}

function noOutcome(fault: SqlFault, cause: unknown): NoOutcome {
  if (cause instanceof LedgerAheadOfCluster)
    return new CallError('STORE_UNAVAILABLE', cause.message, { cause });
  return fault === 'unavailable'
    ? new CallError('STORE_UNAVAILABLE', 'the database is away', { cause })
    : new CallError('INTERNAL', 'a batch failed', { cause });
}

function backoffMs(attempt: number): number {
  if (attempt === 1) return 0;
  const max = Math.min(FIRST_BACKOFF_MS * 2 ** (attempt - 2), MAX_BACKOFF_MS);
  // Jitter: two servers that met once should not meet again.
  return max * (0.5 + Math.random() / 2);
}
