import { CallError } from '@ledger/kit/rpc/call-error';
import { setTimeout as delay } from 'node:timers/promises';
import type { QueryRunner } from 'typeorm';
import { CommitUnknown } from '../store/pg/pipelined-transaction';
import { sqlFault, type SqlFault } from '@ledger/kit/postgres/sql-state';
import { incarnationOf, LedgerAheadOfCluster } from '../store/statements/ensure-incarnation';
import { claimStripe } from '../store/statements/claim-stripe';
import { connectionOf } from '../store/pg/connection';
import type { Store } from '../store/store';
import {
  runAtomicBatch,
  runBatchTransaction,
  type BatchSettings,
  type CommandFault,
  type Envelope,
  type Write,
} from './batch-transaction';
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
  /** How many stripes a system account has. */
  readonly stripes: number;
  readonly priceGraceMicros: bigint;
  /** Called for every attempt that failed. */
  readonly onFault: (fault: BatchFault) => void;
}

/** An attempt that failed and what is done about it. */
export interface BatchFault {
  readonly error: unknown;
  readonly batchSize: number;
  readonly attempt: number;
  readonly action: 'run again' | 'split' | 'reject';
}

/**
 * Runs batches on one connection, one after the other, until each write has a result. An attempt that failed is
 * handled by its error: a command at fault splits the batch, so it never fails its neighbours; a lost race or a
 * deadlock runs the batch again; a database that is away fails the batch as a whole. A COMMIT whose answer did not
 * come is resolved: the batch is run again until its outcome is known, since the first attempt may have been booked.
 */
export class BatchRunner {
  private runner: QueryRunner | null = null;
  private stripe = 0;

  constructor(private readonly settings: BatchRunnerSettings) {}

  /** Never throws. The results are in the order of the writes. */
  run(writes: readonly Write[]): Promise<WriteResult[]> {
    return this.runPart(writes, { left: SPLITS_MAX });
  }

  private async runPart(writes: readonly Write[], splits: Splits): Promise<WriteResult[]> {
    const results = await this.complete(
      writes.length,
      writes.length > 1 ? splits : null,
      (runner, settings) => runBatchTransaction(runner, writes, settings),
    );
    if (results === 'split') return this.runHalves(writes, splits);
    return results instanceof CallError ? writes.map(() => results) : results;
  }

  /** Never throws. An atomic batch has one result as a whole. */
  async runAtomic(envelope: Envelope, writes: readonly Write[]): Promise<WriteResult> {
    const result = await this.complete(writes.length, null, (runner, settings) =>
      runAtomicBatch(runner, envelope, writes, settings),
    );
    return result === 'split' ? new CallError('INTERNAL', 'an atomic batch cannot be split') : result;
  }

  /** Attempts until there is an outcome, or nothing more can be done. */
  private async complete<T>(
    batchSize: number,
    splits: Splits | null,
    work: (runner: QueryRunner, settings: BatchSettings) => Promise<T>,
  ): Promise<T | NoOutcome | 'split'> {
    let resolveUntil = 0;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.attempt(work);
      } catch (error) {
        const isUnknown = error instanceof CommitUnknown;
        if (isUnknown && resolveUntil === 0) resolveUntil = Date.now() + RESOLVE_UNKNOWN_MS;
        const fault = faultOf(error);
        if (isUnknown || fault === 'unavailable') await this.release();
        const action = actionFor(fault, splits, attempt, Date.now() < resolveUntil);
        this.settings.onFault({ error, batchSize, attempt, action });
        if (action === 'split') return 'split';
        if (action === 'reject') return noOutcome(fault, error);
        await delay(backoffMs(attempt));
      }
    }
  }

  /** Gives the connection back. */
  async release(): Promise<void> {
    const { runner } = this;
    this.runner = null;
    await runner?.release();
  }

  private async attempt<T>(work: (runner: QueryRunner, settings: BatchSettings) => Promise<T>): Promise<T> {
    const runner = await this.connectedRunner();
    const incarnation = await incarnationOf(await connectionOf(runner));
    const { encoder, priceGraceMicros } = this.settings;
    const onThrown = (error: CommandFault): void => {
      this.settings.onFault({ error, batchSize: 1, attempt: 1, action: 'reject' });
    };
    return work(runner, { stripe: this.stripe, incarnation, priceGraceMicros, encoder, onThrown });
  }

  private async connectedRunner(): Promise<QueryRunner> {
    if (this.runner !== null && !this.runner.isReleased) return this.runner;
    const runner = this.settings.store.createWriter();
    this.runner = runner;
    const { stripes } = this.settings;
    const claimed = await claimStripe(await connectionOf(runner), stripes);
    this.stripe = claimed ?? Math.floor(Math.random() * stripes);
    return runner;
  }

  private async runHalves(writes: readonly Write[], splits: Splits): Promise<WriteResult[]> {
    const middle = Math.ceil(writes.length / 2);
    const first = await this.runPart(writes.slice(0, middle), splits);
    const second = await this.runPart(writes.slice(middle), splits);
    return [...first, ...second];
  }
}

/** How many more attempts may fail before a batch is no longer split. Shared by all parts of a batch. */
interface Splits {
  left: number;
}

function actionFor(
  fault: SqlFault,
  splits: Splits | null,
  attempt: number,
  resolving: boolean,
): BatchFault['action'] {
  switch (fault) {
    case 'refused':
      return splits === null ? 'reject' : 'split';
    case 'broken':
      if (splits === null || splits.left === 0) return 'reject';
      splits.left -= 1;
      return 'split';
    case 'retry':
      return attempt < MAX_ATTEMPTS || resolving ? 'run again' : 'reject';
    case 'held':
    case 'unavailable':
      return resolving ? 'run again' : 'reject';
  }
}

function faultOf(error: unknown): SqlFault {
  return error instanceof LostRace || error instanceof CommitUnknown ? 'retry' : sqlFault(error);
}

function noOutcome(fault: SqlFault, cause: unknown): NoOutcome {
  if (cause instanceof LedgerAheadOfCluster)
    return new CallError('STORE_UNAVAILABLE', cause.message, { cause });
  return fault === 'unavailable' || fault === 'retry' || fault === 'held'
    ? new CallError('STORE_UNAVAILABLE', 'the database is away', { cause })
    : new CallError('INTERNAL', 'a batch failed', { cause });
}

function backoffMs(attempt: number): number {
  if (attempt === 1) return 0;
  const max = Math.min(FIRST_BACKOFF_MS * 2 ** (attempt - 2), MAX_BACKOFF_MS);
  // Jitter: two servers that met once should not meet again.
  return max * (0.5 + Math.random() / 2);
}
