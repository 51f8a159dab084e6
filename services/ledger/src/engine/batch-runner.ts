import { setTimeout as delay } from 'node:timers/promises';
import type { QueryRunner } from 'typeorm';
import { sqlFault, type SqlFault } from '@ledger/kit/postgres/sql-state';
import { claimStripe } from '../store/statements/claim-stripe';
import { connectionOf, type Store } from '../store/store';
import { Rejection, type Answer, type OutcomeEncoder } from './answer';
import { CommitUnknown } from '../store/pg/pipelined-transaction';
import {
  LostRace,
  runAtomicBatch,
  runBatchTransaction,
  type BatchSettings,
  type Envelope,
  type Write,
} from './batch-transaction';

/** How often a batch that lost a race or met a deadlock is run in all. */
const MAX_ATTEMPTS = 20;

/** How long an unknown outcome of COMMIT is tried to be resolved before callers are told to repeat. */
const RESOLVE_UNKNOWN_MS = 10_000;

/** Waits between attempts: nothing at first, then doubled up to the most. */
const FIRST_BACKOFF_MS = 5;
const MOST_BACKOFF_MS = 250;

/** What a runner of batches needs. */
export interface BatchRunnerSettings {
  readonly store: Store;
  readonly encoder: OutcomeEncoder;
  /** How many stripes a system account has. */
  readonly stripes: number;
  readonly priceGraceMicros: bigint;
  /** Told of every attempt that failed. */
  readonly onFault: (fault: BatchFault) => void;
}

/** An attempt that failed and what is done about it. */
export interface BatchFault {
  readonly error: unknown;
  readonly batchSize: number;
  readonly attempt: number;
  readonly action: 'run again' | 'split' | 'reject';
}

/** A write's answer, or why it has none. */
export type Settlement = Answer | Rejection;

/**
 * Runs batches on one connection, one after the other, until each write has an answer or a rejection. What went
 * wrong decides: a command at fault splits the batch, so it never fails its neighbours; a lost race or a deadlock
 * runs it again; a database that is away fails it as a whole, but for a COMMIT whose answer did not come: that
 * batch is run again until it is known, since the first attempt may have been booked.
 */
export class BatchRunner {
  private runner: QueryRunner | null = null;
  private stripe = 0;

  constructor(private readonly settings: BatchRunnerSettings) {}

  /** Never throws. Settles the writes in their order. */
  async run(writes: readonly Write[]): Promise<Settlement[]> {
    const settled = await this.settle(writes.length, writes.length > 1, (runner, settings) =>
      runBatchTransaction(runner, writes, settings),
    );
    if (settled === 'split') return this.runHalves(writes);
    return settled instanceof Rejection ? writes.map(() => settled) : settled;
  }

  /** Never throws. Settles an atomic batch as a whole. */
  async runAtomic(envelope: Envelope, writes: readonly Write[]): Promise<Settlement> {
    const settled = await this.settle(writes.length, false, (runner, settings) =>
      runAtomicBatch(runner, envelope, writes, settings),
    );
    return settled === 'split' ? new Rejection('INTERNAL', 'an atomic batch cannot be split') : settled;
  }

  /** Attempts until there is an outcome, or nothing more can be done. */
  private async settle<T>(
    batchSize: number,
    divisible: boolean,
    work: (runner: QueryRunner, settings: BatchSettings) => Promise<T>,
  ): Promise<T | Rejection | 'split'> {
    let resolveUntil = 0;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.attempt(work);
      } catch (error) {
        const lost = error instanceof CommitUnknown;
        if (lost && resolveUntil === 0) resolveUntil = Date.now() + RESOLVE_UNKNOWN_MS;
        const fault = faultOf(error);
        if (lost || fault === 'unavailable') await this.release();
        const action = actionFor(fault, divisible, attempt, Date.now() < resolveUntil);
        this.settings.onFault({ error, batchSize, attempt, action });
        if (action === 'split') return 'split';
        if (action === 'reject') return rejectionOf(fault, error);
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
    const { encoder, priceGraceMicros } = this.settings;
    return work(runner, { stripe: this.stripe, priceGraceMicros, encoder });
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

  private async runHalves(writes: readonly Write[]): Promise<Settlement[]> {
    const middle = Math.ceil(writes.length / 2);
    const first = await this.run(writes.slice(0, middle));
    const second = await this.run(writes.slice(middle));
    return [...first, ...second];
  }
}

function actionFor(
  fault: SqlFault,
  divisible: boolean,
  attempt: number,
  resolving: boolean,
): BatchFault['action'] {
  switch (fault) {
    case 'refused':
      return divisible ? 'split' : 'reject';
    case 'retry':
      return attempt < MAX_ATTEMPTS || resolving ? 'run again' : 'reject';
    case 'unavailable':
      return resolving ? 'run again' : 'reject';
    case 'broken':
      return 'reject';
  }
}

function faultOf(error: unknown): SqlFault {
  return error instanceof LostRace || error instanceof CommitUnknown ? 'retry' : sqlFault(error);
}

function rejectionOf(fault: SqlFault, cause: unknown): Rejection {
  return fault === 'unavailable' || fault === 'retry'
    ? new Rejection('STORE_UNAVAILABLE', 'the database is away', {}, { cause })
    : new Rejection('INTERNAL', 'a batch failed', {}, { cause });
}

function backoffMs(attempt: number): number {
  if (attempt === 1) return 0;
  const most = Math.min(FIRST_BACKOFF_MS * 2 ** (attempt - 2), MOST_BACKOFF_MS);
  // Jitter: two servers that met once should not meet again.
  return most * (0.5 + Math.random() / 2);
}
