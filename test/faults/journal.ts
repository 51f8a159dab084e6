import { inspect } from 'node:util';
import type { Balance, LedgerError } from '@ledger/client';
import {
  isExpectedDuringFault,
  attemptResultsOfBatch,
  type FinalResponse,
  type AttemptResult,
} from './attempt-result';
import { KnownState } from './known-state';
import { outcomeOf, type Outcome } from './outcome';
import { requestIdOf, scopeOf, type WriteIntent } from './write-intent';

/** A write that was sent at least once, and its answer. */
export interface SentWrite {
  readonly round: number;
  readonly intent: WriteIntent;
  /** The writes of an atomic batch. */
  readonly parts: readonly SentWrite[];
  /** The first one that came. */
  answer: FinalResponse | undefined;
  /** What it says. */
  outcome: Outcome | undefined;
  /** How many answers did not say that they were there before: one execution gives one at most. */
  executions: number;
}

/** A balance that was read. */
export interface ReadBalance {
  readonly balance: Balance;
  /** The account's latest sequence that anybody had been told of when the read was sent. */
  readonly atLeast: bigint;
}

/** What was sent and what came back: the caller's side of the story, against which the ledger is held. */
export class Journal {
  readonly writes: SentWrite[] = [];
  readonly reads: ReadBalance[] = [];
  /** What callers know by now. */
  readonly knownState = new KnownState();
  /** What is wrong, in words. */
  readonly violations: string[] = [];
  /** How many writes have an answer. */
  answers = 0;
  /** How many answers were asked for again and compared. */
  comparisons = 0;
  /** How many calls came to nothing. */
  unansweredCalls = 0;
  /** How many batches were answered whose writes stand each for itself. */
  looseBatches = 0;
  /** Called at once with the number of answered writes. */
  onAnswer: (answers: number) => void = () => undefined;

  /** Records a write before it is sent. */
  recordIntent(round: number, intent: WriteIntent, parts: readonly SentWrite[] = []): SentWrite {
    const write = { round, intent, parts, answer: undefined, outcome: undefined, executions: 0 };
    this.writes.push(write);
    return write;
  }

  /**
   * Records what came back.
   *
   * @param wasAnswered whether the write already had an answer when this attempt was sent
   */
  record(write: SentWrite, result: AttemptResult, wasAnswered = false): void {
    const { answer } = result;
    if (answer === undefined) {
      this.recordUnanswered(write, result.error);
      return;
    }
    if (!result.replayed) write.executions += 1;
    if (write.executions > 1) this.addViolation(write, 'was executed again', answer);
    if (wasAnswered && !result.replayed) this.addViolation(write, 'was answered and is not known', answer);
    if (write.parts.length > 0 && answer.code === 0) {
      this.recordParts(write.parts, answer, result.replayed);
    }
    if (write.answer !== undefined) {
      this.comparisons += 1;
      if (write.answer.code === answer.code && write.answer.bytes === answer.bytes) return;
      this.addViolation(write, 'got two answers', {
        first: write.outcome,
        again: outcomeOf(write.intent.$case, answer),
      });
      return;
    }
    write.answer = answer;
    write.outcome = outcomeOf(write.intent.$case, answer);
    this.knownState.learn(write.intent, write.outcome);
    this.answers += 1;
    this.onAnswer(this.answers);
  }

  /**
   * Records what the response of a batch says of its writes.
   *
   * @param replayed whether the whole response was there before
   */
  recordParts(
    parts: readonly SentWrite[],
    answer: FinalResponse,
    replayed: boolean,
    wasAnswered: readonly boolean[] = [],
  ): void {
    const results = attemptResultsOfBatch(answer);
    for (const [index, part] of parts.entries()) {
      const result = results[index];
      if (result === undefined || results.length !== parts.length) {
        this.addViolation(
          part,
          `is one of ${parts.length} writes that got ${results.length} results`,
          results,
        );
        return;
      }
      const known =
        result.answer === undefined ? result : { ...result, replayed: replayed || result.replayed };
      this.record(part, known, wasAnswered[index]);
    }
  }

  /** Records that a call about a write came to nothing. */
  recordUnanswered(write: SentWrite, error: LedgerError): void {
    this.unansweredCalls += 1;
    if (!isExpectedDuringFault(error)) this.addViolation(write, 'met a fault', error.toJSON());
  }

  /** Records a balance that was read. */
  recordRead(balance: Balance, atLeast: bigint): void {
    this.reads.push({ balance, atLeast });
    this.knownState.recordSequence(balance);
  }

  /** Writes that never got an answer. */
  unanswered(): SentWrite[] {
    return this.writes.filter(({ answer }) => answer === undefined);
  }

  addViolation({ intent }: SentWrite, what: string, evidence: unknown): void {
    const told = inspect({ intent, evidence }, { depth: 7, breakLength: 110 });
    this.violations.push(`write ${keyOfWrite(intent)} ${what}: ${told}`);
  }
}

/** A write's name in the whole ledger: its scope and its request id. */
export function keyOfWrite(intent: WriteIntent): string {
  return `${scopeOf(intent)} ${requestIdOf(intent)}`;
}
