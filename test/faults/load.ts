import { LedgerError } from '@ledger/client';
import { isExpectedDuringFault, attemptResultOf } from './attempt-result';
import { draftsFrom, type Draft } from '../model/draft';
import { writeOfDraft } from '../model/write-of-draft';
import { WORLD } from './world';
import type { Journal, SentWrite } from './journal';
import { outcomeOf } from './outcome';
import type { Random } from '../harness/random';
import { SHORT_TIMEOUT, SINGLE_ATTEMPT, RETRYING, type RetryPolicy, type Servers } from './servers';
import { isBatchable } from '../model/write';
import { callOf, otherUseOf } from './write-intent';
import { rawCalls } from '../harness/raw-calls';

/** The most new writes per batch. Atomic batches are smaller, because they succeed only when all their writes do. */
const LARGEST_BATCH = 12;
const LARGEST_ATOMIC_BATCH = 4;

/** The parameters of a load. */
export interface Load {
  readonly round: number;
  readonly workers: number;
  readonly random: Random;
  readonly servers: Servers;
  readonly journal: Journal;
  /** Called before each call. */
  readonly isOver: () => boolean;
}

/** Runs concurrent workers, each sending one call after another. Resolves when all calls have ended. */
export async function runLoad(load: Load): Promise<void> {
  const workers = Array.from({ length: load.workers }, (_, number) => new Worker(load, number));
  await Promise.all(workers.map((worker) => worker.run()));
}

/** One caller. What it sends follows from its own random numbers, its own writes, and what all callers know so far. */
class Worker {
  readonly #load: Load;
  readonly #name: string;
  readonly #random: Random;
  readonly #drafts: Iterator<Draft, never>;
  readonly #own: SentWrite[] = [];

  constructor(load: Load, number: number) {
    this.#load = load;
    this.#name = `${load.round}-${number}`;
    this.#random = load.random.fork();
    this.#drafts = draftsFrom(this.#random.integer(0, 2 ** 31 - 1));
  }

  async run(): Promise<void> {
    while (!this.#load.isOver()) await this.#step();
  }

  async #step(): Promise<void> {
    const share = this.#random.next();
    if (share < 0.55) await this.#write();
    else if (share < 0.65) await this.#writeTwice();
    else if (share < 0.75) await this.#writeBatch();
    else if (share < 0.87) await this.#read();
    else if (share < 0.97) await this.#repeat();
    else await this.#reuse();
  }

  async #write(): Promise<void> {
    const write = this.#recordIntent();
    await this.#send(write);
    // A caller without a final response either sends the write again or gives up.
    if (write.answer === undefined && this.#random.chance(0.5)) await this.#send(write);
  }

  /** Sends two copies at the same time. */
  async #writeTwice(): Promise<void> {
    const write = this.#recordIntent();
    await Promise.all([this.#send(write), this.#send(write)]);
  }

  /** Sends a batch of new writes, sometimes with an earlier one, a duplicate, or one that is also sent alone. */
  async #writeBatch(): Promise<void> {
    const isAtomic = this.#random.chance(0.5);
    const size = this.#random.integer(1, isAtomic ? LARGEST_ATOMIC_BATCH : LARGEST_BATCH);
    const before = this.#own.filter(({ intent }) => isBatchable(intent));
    const fresh = Array.from({ length: size }, () => this.#recordIntent());
    const writes = fresh.filter(({ intent }) => isBatchable(intent));
    const alone = fresh.filter(({ intent }) => !isBatchable(intent));
    if (before.length > 0 && this.#random.chance(0.5)) writes.push(this.#random.pick(before));
    if (writes.length > 0 && this.#random.chance(0.3)) writes.push(this.#random.pick(writes));
    if (writes.length > 0 && this.#random.chance(0.3)) alone.push(this.#random.pick(writes));
    await Promise.all([...alone.map((write) => this.#send(write)), this.#sendTogether(writes, isAtomic)]);
  }

  async #sendTogether(writes: readonly SentWrite[], isAtomic: boolean): Promise<void> {
    if (writes.length === 0) return;
    if (isAtomic) await this.#send(this.#intendAtomic(writes));
    else await this.#sendLoose(writes);
  }

  async #repeat(): Promise<void> {
    if (this.#own.length > 0) await this.#send(this.#random.pick(this.#own));
  }

  /** Uses the request id of an answered write for something else. It must be refused, and nothing of it stored. */
  async #reuse(): Promise<void> {
    const { servers, journal } = this.#load;
    const answered = this.#own.filter(({ answer }) => answer !== undefined);
    if (answered.length === 0) return;
    const write = this.#random.pick(answered);
    if (write.intent.$case === 'batchWrite') return;
    await servers.send(otherUseOf(write.intent), this.#random, RETRYING, (raw) => {
      const result = attemptResultOf(raw);
      if (result.answer === undefined) {
        journal.recordUnanswered(write, result.error);
        return false;
      }
      const outcome = outcomeOf('credit', result.answer);
      if (outcome.type !== 'refused' || outcome.reason !== 'REQUEST_ID_REUSED') {
        journal.addViolation(write, 'shares its request id with another write', outcome);
      }
      return true;
    });
  }

  async #read(): Promise<void> {
    const { servers, journal } = this.#load;
    const userId = this.#random.pick(WORLD.users);
    const asset = this.#random.pick([...WORLD.assets, WORLD.grantedAsset]);
    const atLeast = journal.knownState.latestSequence(userId, asset);
    try {
      const { balance } = await this.#random.pick(servers.clients).getBalance({ userId, asset });
      journal.recordRead(balance, atLeast);
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      journal.unansweredCalls += 1;
      if (!isExpectedDuringFault(error))
        journal.violations.push(`a read failed with an unexpected error: ${error.message}`);
    }
  }

  #recordIntent(): SentWrite {
    const { journal, round } = this.#load;
    const requestId = `write-${this.#name}-${this.#own.length}`;
    const draft = { ...this.#drafts.next().value, requestId };
    const write = journal.recordIntent(round, writeOfDraft(draft, WORLD, journal.knownState));
    this.#own.push(write);
    return write;
  }

  #intendAtomic(parts: readonly SentWrite[]): SentWrite {
    const { journal, round } = this.#load;
    const value = {
      requestId: `batch-${this.#name}-${this.#own.length}`,
      writes: itemsOf(parts),
      atomic: true,
    } as const;
    const batch = journal.recordIntent(round, { $case: 'batchWrite', value }, parts);
    this.#own.push(batch);
    return batch;
  }

  #retryPolicy(): RetryPolicy {
    const share = this.#random.next();
    if (share < 0.1) return SHORT_TIMEOUT;
    return share < 0.4 ? SINGLE_ATTEMPT : RETRYING;
  }

  async #send(write: SentWrite): Promise<void> {
    const { servers, journal } = this.#load;
    let wasAnswered = write.answer !== undefined;
    await servers.send(callOf(write.intent), this.#random, this.#retryPolicy(), (raw) => {
      const result = attemptResultOf(raw);
      journal.record(write, result, wasAnswered);
      wasAnswered = write.answer !== undefined;
      return result.answer !== undefined;
    });
  }

  /** Sends a batch that is not atomic. */
  async #sendLoose(writes: readonly SentWrite[]): Promise<void> {
    const { servers, journal } = this.#load;
    const wasAnswered = writes.map(({ answer }) => answer !== undefined);
    await servers.send(
      rawCalls.batchWrite({ writes: itemsOf(writes) }),
      this.#random,
      this.#retryPolicy(),
      (raw) => {
        const result = attemptResultOf(raw);
        if (result.answer === undefined) {
          for (const write of writes) journal.recordUnanswered(write, result.error);
          return false;
        }
        journal.looseBatches += 1;
        journal.recordParts(writes, result.answer, false, wasAnswered);
        return true;
      },
    );
  }
}

function itemsOf(writes: readonly SentWrite[]) {
  return writes.flatMap(({ intent }) => (isBatchable(intent) ? [{ write: intent }] : []));
}
