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
import { requestIdOf } from '../model/write';
import { scopeOf, type WriteIntent } from './write-intent';

/** A write that was sent at least once, with its final response. */
export interface SentWrite {
  readonly round: number;
  readonly intent: WriteIntent;
  /** The writes of an atomic batch. */
  readonly parts: readonly SentWrite[];
  /** The first final response. */
  answer: FinalResponse | undefined;
  /** The decoded response. */
  outcome: Outcome | undefined;
  /** How many responses were not marked as replayed. One execution gives at most one. */
  executions: number;
}

/** A balance that was read. */
export interface ReadBalance {
  readonly balance: Balance;
  /** The latest sequence of the account in any response when the read was sent. */
  readonly atLeast: bigint;
}

/** What was sent and what came back, as the callers saw it. The ledger is checked against this. */
export class Journal {
  readonly writes: SentWrite[] = [];
  readonly reads: ReadBalance[] = [];
  /** What the callers know so far. */
  readonly knownState = new KnownState();
  /** Descriptions of everything that is wrong. */
  readonly violations: string[] = [];
  /** Number of writes with a final response. */
  answers = 0;
  /** Number of repeated responses that were compared. */
  comparisons = 0;
  /** Number of calls without a final response. */
  unansweredCalls = 0;
  /** Number of answered batches that were not atomic. */
  looseBatches = 0;
  /** Called synchronously at each newly answered write, with the number of answered writes. */
  onAnswer: (answers: number) => void = () => undefined;

  /** Records a write before it is sent. */
  recordIntent(round: number, intent: WriteIntent, parts: readonly SentWrite[] = []): SentWrite {
    const write = { round, intent, parts, answer: undefined, outcome: undefined, executions: 0 };
    this.writes.push(write);
    return write;
  }

  /**
   * Records the result of an attempt.
   *
   * @param wasAnswered whether the write already had a final response when this attempt was sent
   */
  record(write: SentWrite, result: AttemptResult, wasAnswered = false): void {
    const { answer } = result;
    if (answer === undefined) {
      this.recordUnanswered(write, result.error);
      return;
    }
    if (!result.replayed) write.executions += 1;
    if (write.executions > 1) this.addViolation(write, 'was executed again', answer);
    if (wasAnswered && !result.replayed)
      this.addViolation(write, 'was answered, but a repeat was not recognised', answer);
    if (write.parts.length > 0 && answer.code === 0) {
      this.recordParts(write.parts, answer, result.replayed);
    }
    if (write.answer !== undefined) {
      this.comparisons += 1;
      if (write.answer.code === answer.code && write.answer.bytes === answer.bytes) return;
      this.addViolation(write, 'got two different responses', {
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
   * Records the results of the writes in a batch response.
   *
   * @param replayed whether the whole response was replayed
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

  /** Records that a call brought no final response. */
  recordUnanswered(write: SentWrite, error: LedgerError): void {
    this.unansweredCalls += 1;
    if (!isExpectedDuringFault(error))
      this.addViolation(write, 'failed with an unexpected error', error.toJSON());
  }

  /** Records a balance that was read. */
  recordRead(balance: Balance, atLeast: bigint): void {
    this.reads.push({ balance, atLeast });
    this.knownState.recordSequence(balance);
  }

  /** Writes without a final response. */
  unanswered(): SentWrite[] {
    return this.writes.filter(({ answer }) => answer === undefined);
  }

  addViolation({ intent }: SentWrite, what: string, evidence: unknown): void {
    const details = inspect({ intent, evidence }, { depth: 7, breakLength: 110 });
    this.violations.push(`write ${keyOfWrite(intent)} ${what}: ${details}`);
  }
}

/** The key of a write in the whole ledger: its scope and its request id. */
export function keyOfWrite(intent: WriteIntent): string {
  return `${scopeOf(intent)} ${requestIdOf(intent)}`;
}
