import { Books } from './books';
import { Journal } from './journal';
import { FAULTS, LedgerUnderFault, type Fault } from './ledger-under-fault';
import { runLoad } from './load';
import { Model } from './model';
import { Random } from './random';
import { sendWrite } from './send-write';
import { replayAnswered, resolveUnanswered } from './settle';
import { Strike } from './strike';
import { firstItems } from './write-intent';

export interface FaultRunSettings {
  /** Fixes what is sent, what is killed and when. */
  readonly seed: number;
  readonly rounds: number;
  /** Answered writes of a round. */
  readonly writes: number;
  readonly workers: number;
  readonly onProgress: (progress: Progress) => void;
  /** Ends the run as soon as everything can be cleaned up. */
  readonly signal?: AbortSignal;
}

/** Where a run is. */
export interface Progress {
  /** From 1. */
  readonly round: number;
  readonly fault: Fault;
  readonly phase: 'load' | 'struck' | 'check';
  /** Part of the round's load, from 0 to 1. */
  readonly done: number;
}

/** What a run came to. */
export interface FaultRunReport {
  readonly rounds: number;
  /** Writes that were answered. */
  readonly answers: number;
  /** Writes that had no answer at the end of their round and got it then. */
  readonly resolved: number;
  /** Answers that were asked for again and compared. */
  readonly comparisons: number;
  readonly reads: number;
  /** Calls that came to nothing while something was dead. */
  readonly absences: number;
  /** What is wrong; empty when all is well. */
  readonly violations: readonly string[];
  /** What the servers wrote, but for single calls. */
  readonly log: string;
}

/** A part of the load comes before the strike, and another after the recovery. */
const EARLIEST_STRIKE = 0.2;
const LATEST_STRIKE = 0.7;

/** How many answers of earlier rounds are asked for again in each round. */
const OLD_ANSWERS = 300;

/** A load that is so wrong goes on for nothing. */
const MANY_VIOLATIONS = 50;

const ROUND_LIMIT_MS = 180_000;

/**
 * Runs rounds of load, each with a fault in its midst and a check of everything after it. Whatever it started is
 * gone when it returns or throws.
 */
export async function runFaults(settings: FaultRunSettings): Promise<FaultRunReport> {
  const ledger = await LedgerUnderFault.start();
  try {
    const run = new FaultRun(settings, ledger);
    return await run.run();
  } finally {
    await ledger.dispose();
  }
}

class FaultRun {
  readonly #journal = new Journal();
  readonly #books = new Books(this.#journal);
  readonly #random: Random;
  #resolved = 0;

  constructor(
    private readonly settings: FaultRunSettings,
    private readonly ledger: LedgerUnderFault,
  ) {
    this.#random = new Random(settings.seed);
  }

  async run(): Promise<FaultRunReport> {
    const { violations } = this.#journal;
    let round = 0;
    await this.#putFirstItems();
    // What follows a violation says nothing new.
    while (round < this.settings.rounds && violations.length === 0) {
      round += 1;
      await this.#runRound(round);
    }
    if (violations.length === 0) await this.ledger.stop();
    const { answers, comparisons, absences, reads } = this.#journal;
    const { log } = this.ledger;
    return {
      ...{ rounds: round, answers, resolved: this.#resolved, comparisons },
      ...{ reads: reads.length, absences, violations, log },
    };
  }

  async #putFirstItems(): Promise<void> {
    for (const item of firstItems(this.#random)) {
      const write = this.#journal.intend(0, `first-${item.itemId}`, item);
      this.#journal.record(write, await sendWrite(this.ledger.settlingClient, write.requestId, item));
    }
  }

  async #runRound(round: number): Promise<void> {
    const fault = FAULTS[(round - 1) % FAULTS.length] ?? 'server';
    const progress = (phase: Progress['phase'], done: number): void =>
      this.settings.onProgress({ round, fault, phase, done: Math.min(done, 1) });
    await this.ledger.arm(fault);
    await this.#loadAndStrike(round, progress);
    // Without a ledger that answers there is nothing to compare with.
    if (this.#journal.violations.length > 0) return;

    progress('check', 1);
    const { settlingClient: client, database } = this.ledger;
    this.#resolved += await resolveUnanswered(client, this.#journal);
    await replayAnswered(client, this.#journal, this.#toReplay(round));
    const model = new Model(this.#journal);
    model.judge(this.#journal.writes.filter((write) => write.round === round));
    await this.#books.check(database, model);
  }

  async #loadAndStrike(
    round: number,
    progress: (phase: Progress['phase'], done: number) => void,
  ): Promise<void> {
    const { writes, workers, signal } = this.settings;
    const { client, hastyClient } = this.ledger;
    const journal = this.#journal;
    const before = journal.answers;
    const share = EARLIEST_STRIKE + this.#random.next() * (LATEST_STRIKE - EARLIEST_STRIKE);
    const strike = new Strike(this.ledger, before + Math.ceil(writes * share), this.#random.fork(), (what) =>
      journal.violations.push(what),
    );
    journal.onAnswer = (answers) => {
      progress(strike.isDown ? 'struck' : 'load', (answers - before) / writes);
      strike.answered(answers);
    };
    const end = performance.now() + ROUND_LIMIT_MS;
    const isLate = (): boolean => performance.now() > end;
    const isOver = (): boolean =>
      (strike.isOver && journal.answers >= before + writes) ||
      strike.hasFailed ||
      journal.violations.length >= MANY_VIOLATIONS ||
      signal?.aborted === true ||
      isLate();
    await runLoad({ round, workers, random: this.#random.fork(), client, hastyClient, journal, isOver });
    await strike.settled();
    journal.onAnswer = () => undefined;
    if (isLate()) journal.violations.push(`round ${round} did not come to its end`);
    signal?.throwIfAborted();
  }

  /** All of this round, and some from before. */
  #toReplay(round: number): Journal['writes'] {
    const { writes } = this.#journal;
    const old = writes.filter((write) => write.round < round);
    const some = Array.from({ length: Math.min(OLD_ANSWERS, old.length) }, () => this.#random.pick(old));
    return [...new Set(some), ...writes.filter((write) => write.round === round)];
  }
}
