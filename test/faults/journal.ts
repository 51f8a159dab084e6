import { inspect } from 'node:util';
import type { Balance } from '@ledger/client';
import { isAbsence, isSameOutcome, type Outcome, type Reply } from './send-write';
import type { WriteIntent } from './write-intent';

/** A write that was sent at least once, and its answer. */
export interface SentWrite {
  readonly round: number;
  readonly requestId: string;
  readonly intent: WriteIntent;
  /** The first one that came. */
  outcome: Outcome | undefined;
  /** How many answers did not say that they were there before: one execution gives one at most. */
  executions: number;
}

/** A balance that was read. */
export interface SeenBalance {
  readonly balance: Balance;
  /** The account's latest sequence that anybody had been told of when the read was sent. */
  readonly atLeast: bigint;
}

/** What was sent and what came back: the caller's side of the story, against which the ledger is held. */
export class Journal {
  readonly writes: SentWrite[] = [];
  readonly reads: SeenBalance[] = [];
  /** What is wrong, in words. */
  readonly violations: string[] = [];
  /** How many writes have an answer. */
  answers = 0;
  /** How many answers were asked for again and compared. */
  comparisons = 0;
  /** How many calls came to nothing. */
  absences = 0;
  /** Called at once with the number of answered writes. */
  onAnswer: (answers: number) => void = () => undefined;
  readonly #sequences = new Map<string, bigint>();
  readonly #versions = new Map<string, bigint>();

  /** Records a write before it is sent. */
  intend(round: number, requestId: string, intent: WriteIntent): SentWrite {
    const write = { round, requestId, intent, outcome: undefined, executions: 0 };
    this.writes.push(write);
    return write;
  }

  /**
   * Records what came back.
   *
   * @param wasAnswered whether the write already had an answer when this attempt was sent
   */
  record(write: SentWrite, reply: Reply, wasAnswered = false): void {
    if (reply.outcome === undefined) {
      this.absences += 1;
      if (!isAbsence(reply.error)) this.violate(write, 'met a fault', reply.error.toJSON());
      return;
    }
    if (!reply.replayed) write.executions += 1;
    if (write.executions > 1) this.violate(write, 'was executed again', reply.outcome);
    if (wasAnswered && !reply.replayed) this.violate(write, 'was answered and is not known', reply.outcome);
    if (write.outcome === undefined) {
      this.#learn(reply.outcome);
      write.outcome = reply.outcome;
      this.answers += 1;
      this.onAnswer(this.answers);
      return;
    }
    this.comparisons += 1;
    if (!isSameOutcome(write.outcome, reply.outcome)) {
      this.violate(write, 'got two answers', { first: write.outcome, again: reply.outcome });
    }
  }

  /** The latest sequence of an account that anybody was told of. */
  latestSequence(userId: string, asset: string): bigint {
    return this.#sequences.get(`${userId} ${asset}`) ?? 0n;
  }

  /** The latest version of an item that anybody was told of. */
  latestVersion(itemId: string): bigint {
    return this.#versions.get(itemId) ?? 0n;
  }

  /** Records a balance that was read. */
  see(balance: Balance, atLeast: bigint): void {
    this.reads.push({ balance, atLeast });
    this.#reach(balance.userId, balance.asset, balance.sequence);
  }

  /** Writes that never got an answer. */
  unanswered(): SentWrite[] {
    return this.writes.filter(({ outcome }) => outcome === undefined);
  }

  violate(write: SentWrite, what: string, evidence: unknown): void {
    const { requestId, intent } = write;
    const told = inspect({ intent, evidence }, { depth: 5, breakLength: 110 });
    this.violations.push(`write ${requestId} ${what}: ${told}`);
  }

  #learn(outcome: Outcome): void {
    if (outcome.type === 'posted') {
      const { entries } = outcome.transaction;
      for (const { userId, asset, sequence } of entries) this.#reach(userId, asset, sequence);
    } else if (outcome.type === 'itemPut') {
      const { itemId, version } = outcome.item;
      if (version > this.latestVersion(itemId)) this.#versions.set(itemId, version);
    }
  }

  #reach(userId: string, asset: string, sequence: bigint): void {
    if (sequence > this.latestSequence(userId, asset)) this.#sequences.set(`${userId} ${asset}`, sequence);
  }
}
