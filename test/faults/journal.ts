import { inspect } from 'node:util';
import type { Balance, LedgerError } from '@ledger/client';
import { isAbsence, repliesOfBatch, type Answer, type Reply } from './answer';
import { Findings } from './findings';
import { outcomeOf, type Outcome } from './outcome';
import { requestIdOf, scopeOf, type WriteIntent } from './write-intent';

/** A write that was sent at least once, and its answer. */
export interface SentWrite {
  readonly round: number;
  readonly intent: WriteIntent;
  /** The writes of an atomic batch. */
  readonly parts: readonly SentWrite[];
  /** The first one that came. */
  answer: Answer | undefined;
  /** What it says. */
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
  /** What callers know by now. */
  readonly findings = new Findings();
  /** What is wrong, in words. */
  readonly violations: string[] = [];
  /** How many writes have an answer. */
  answers = 0;
  /** How many answers were asked for again and compared. */
  comparisons = 0;
  /** How many calls came to nothing. */
  absences = 0;
  /** How many batches were answered whose writes stand each for itself. */
  looseBatches = 0;
  /** Called at once with the number of answered writes. */
  onAnswer: (answers: number) => void = () => undefined;

  /** Records a write before it is sent. */
  intend(round: number, intent: WriteIntent, parts: readonly SentWrite[] = []): SentWrite {
    const write = { round, intent, parts, answer: undefined, outcome: undefined, executions: 0 };
    this.writes.push(write);
    return write;
  }

  /**
   * Records what came back.
   *
   * @param wasAnswered whether the write already had an answer when this attempt was sent
   */
  record(write: SentWrite, reply: Reply, wasAnswered = false): void {
    const { answer } = reply;
    if (answer === undefined) {
      this.miss(write, reply.error);
      return;
    }
    if (!reply.replayed) write.executions += 1;
    if (write.executions > 1) this.violate(write, 'was executed again', answer);
    if (wasAnswered && !reply.replayed) this.violate(write, 'was answered and is not known', answer);
    if (write.parts.length > 0 && answer.code === 0) {
      this.recordParts(write.parts, answer, reply.replayed);
    }
    if (write.answer !== undefined) {
      this.comparisons += 1;
      if (write.answer.code === answer.code && write.answer.bytes === answer.bytes) return;
      this.violate(write, 'got two answers', {
        first: write.outcome,
        again: outcomeOf(write.intent.$case, answer),
      });
      return;
    }
    write.answer = answer;
    write.outcome = outcomeOf(write.intent.$case, answer);
    this.findings.learn(write.intent, write.outcome);
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
    answer: Answer,
    replayed: boolean,
    wasAnswered: readonly boolean[] = [],
  ): void {
    const replies = repliesOfBatch(answer);
    for (const [index, part] of parts.entries()) {
      const reply = replies[index];
      if (reply === undefined || replies.length !== parts.length) {
        this.violate(part, `is one of ${parts.length} writes that got ${replies.length} results`, replies);
        return;
      }
      const known = reply.answer === undefined ? reply : { ...reply, replayed: replayed || reply.replayed };
      this.record(part, known, wasAnswered[index]);
    }
  }

  /** Records that a call about a write came to nothing. */
  miss(write: SentWrite, error: LedgerError): void {
    this.absences += 1;
    if (!isAbsence(error)) this.violate(write, 'met a fault', error.toJSON());
  }

  /** Records a balance that was read. */
  see(balance: Balance, atLeast: bigint): void {
    this.reads.push({ balance, atLeast });
    this.findings.reach(balance);
  }

  /** Writes that never got an answer. */
  unanswered(): SentWrite[] {
    return this.writes.filter(({ answer }) => answer === undefined);
  }

  violate({ intent }: SentWrite, what: string, evidence: unknown): void {
    const told = inspect({ intent, evidence }, { depth: 7, breakLength: 110 });
    this.violations.push(`write ${keyOfWrite(intent)} ${what}: ${told}`);
  }
}

/** A write's name in the whole ledger: its scope and its request id. */
export function keyOfWrite(intent: WriteIntent): string {
  return `${scopeOf(intent)} ${requestIdOf(intent)}`;
}
