import { LedgerStateCheck } from './ledger-state-check';
import { prelude } from '../model/write-of-draft';
import { WORLD } from './world';
import { Journal } from './journal';
import { ResponseCheck } from './response-check';
import { FAULTS, LedgerUnderFault, type Fault } from './ledger-under-fault';
import { runLoad } from './load';
import { Random } from '../harness/random';
import { replayAnswered, resolveUnanswered } from './resend';
import { FaultInjection } from './fault-injection';
import { ObservedLedger } from './observed-ledger';
import { Watcher, type WatchedPart } from './watcher';

export interface FaultRunSettings {
  /** Determines what is sent, what is killed, and when. */
  readonly seed: number;
  readonly rounds: number;
  /** Number of answered writes per round. */
  readonly writes: number;
  readonly workers: number;
  readonly onProgress: (progress: Progress) => void;
  /** Ends the run at the next point where everything can be cleaned up. */
  readonly signal?: AbortSignal;
}

/** The progress of a run. */
export interface Progress {
  /** From 1. */
  readonly round: number;
  readonly fault: Fault;
  readonly phase: 'load' | 'outage' | 'check';
  /** Part of the round's load, from 0 to 1. */
  readonly done: number;
}

/** The result of a run. */
export interface FaultRunReport {
  readonly rounds: number;
  /** Number of server kills. */
  readonly kills: number;
  /** Number of answered writes. */
  readonly answers: number;
  /** Number of writes by kind. */
  readonly writesByKind: Readonly<Record<string, number>>;
  /** Number of batches that were not atomic. Atomic batches count as writes. */
  readonly looseBatches: number;
  /** Writes without a final response at the end of their load, resolved by sending them again. */
  readonly resolved: number;
  /** Repeated writes whose response was compared with the first one. */
  readonly comparisons: number;
  /** Those of them that were compared after the last round, at each server. */
  readonly replays: number;
  readonly reads: number;
  /** Number of entries that the watchers received. */
  readonly delivered: number;
  /** How often a broken stream of a watcher was resumed. */
  readonly resumptions: number;
  /** Number of calls without a final response. */
  readonly unansweredCalls: number;
  /** Descriptions of what is wrong; empty when nothing is. */
  readonly violations: readonly string[];
  /** The log of the servers without the lines of single calls. */
  readonly log: string;
}

/** When faults are injected, as parts of the load: first the neighbour is killed, then comes the fault of the round. */
const NEIGHBOUR_WINDOW = { earliest: 0.1, latest: 0.3 };
const FAULT_WINDOW = { earliest: 0.35, latest: 0.75 };

/** How many writes are repeated after each round. After the last round all are. */
const ROUND_REPLAYS = 300;

/** The load stops after this many violations. */
const MANY_VIOLATIONS = 50;

const ROUND_LIMIT_MS = 180_000;

/** What the watchers watch: one watches all entries, one those of a user. */
const WATCHED: readonly WatchedPart[] = [{}, { userId: 'ann' }];

/**
 * Runs rounds of load on two servers, with faults during each round and a check of everything after it. Watchers run
 * from the beginning to the end. All processes that it started have exited when it returns or throws.
 */
export async function runFaults(settings: FaultRunSettings): Promise<FaultRunReport> {
  const ledger = await LedgerUnderFault.start();
  const { streams } = ledger.servers;
  // Each watcher begins at another server.
  const watchers = WATCHED.map(
    (part, turn) => new Watcher([...streams.slice(turn % streams.length), ...streams], part),
  );
  try {
    return await new FaultRun(settings, ledger, watchers).run();
  } finally {
    await Promise.all(watchers.map((watcher) => watcher.stop()));
    await ledger.dispose();
  }
}

class FaultRun {
  readonly #journal = new Journal();
  readonly #stateCheck = new LedgerStateCheck(this.#journal, WORLD.users);
  readonly #random: Random;
  #resolved = 0;
  #replays = 0;

  constructor(
    private readonly settings: FaultRunSettings,
    private readonly ledger: LedgerUnderFault,
    private readonly watchers: readonly Watcher[],
  ) {
    this.#random = new Random(settings.seed);
  }

  async run(): Promise<FaultRunReport> {
    const { violations } = this.#journal;
    let round = 0;
    for (const watcher of this.watchers) watcher.start();
    await this.#writePrelude();
    // The first violation ends the run: later ones would be its consequences.
    while (round < this.settings.rounds && violations.length === 0) {
      round += 1;
      await this.#runRound(round);
    }
    if (violations.length === 0) await this.#replayEverywhere();
    if (violations.length === 0) {
      await Promise.all(this.watchers.map((watcher) => watcher.stop()));
      await this.ledger.stop();
    }
    return this.#report(round);
  }

  #report(rounds: number): FaultRunReport {
    const { answers, writes, looseBatches, comparisons, unansweredCalls, reads, violations } = this.#journal;
    const { kills, log } = this.ledger;
    const writesByKind: Record<string, number> = {};
    for (const { intent } of writes) writesByKind[intent.$case] = (writesByKind[intent.$case] ?? 0) + 1;
    return {
      ...{ rounds, kills, answers, writesByKind, looseBatches, resolved: this.#resolved, comparisons },
      ...{ replays: this.#replays, reads: reads.length, unansweredCalls, violations, log },
      delivered: this.watchers.reduce((sum, { entries }) => sum + entries.length, 0),
      resumptions: this.watchers.reduce((sum, { resumptions }) => sum + resumptions, 0),
    };
  }

  async #writePrelude(): Promise<void> {
    for (const write of prelude(WORLD)) this.#journal.recordIntent(0, write);
    await resolveUnanswered(this.ledger.servers, this.#random.fork(), this.#journal);
  }

  async #runRound(round: number): Promise<void> {
    const fault = FAULTS[(round - 1) % FAULTS.length] ?? 'server';
    const progress = (phase: Progress['phase'], done: number): void =>
      this.settings.onProgress({ round, fault, phase, done: Math.min(done, 1) });
    await this.#loadAndInject(round, fault, progress);
    const { violations } = this.#journal;
    // If the ledger does not serve, there is nothing to compare with.
    if (violations.length > 0) return;

    progress('check', 1);
    const { servers, database } = this.ledger;
    this.#resolved += await resolveUnanswered(servers, this.#random.fork(), this.#journal);
    await replayAnswered(servers, this.#random.fork(), this.#journal, this.#sample());
    const observed = new ObservedLedger(this.#journal);
    new ResponseCheck(this.#journal, observed).run(
      this.#journal.writes.filter((write) => write.round === round),
    );
    const { entries } = await this.#stateCheck.check(database, this.#random.pick(servers.clients), observed);
    for (const watcher of this.watchers) violations.push(...(await watcher.check(entries)));
  }

  async #loadAndInject(
    round: number,
    fault: Fault,
    progress: (phase: Progress['phase'], done: number) => void,
  ): Promise<void> {
    const { writes, workers, signal } = this.settings;
    const journal = this.#journal;
    const before = journal.answers;
    const injections = await this.#prepareInjections(fault, before);
    const current = (): FaultInjection | undefined => injections.find(({ isOver }) => !isOver);
    journal.onAnswer = (answers) => {
      progress(current()?.isDown === true ? 'outage' : 'load', (answers - before) / writes);
      // One fault at a time: the next one is injected after the recovery.
      current()?.answered(answers);
    };
    const end = performance.now() + ROUND_LIMIT_MS;
    const isLate = (): boolean => performance.now() > end;
    const isOver = (): boolean =>
      (current() === undefined && journal.answers >= before + writes) ||
      injections.some(({ hasFailed }) => hasFailed) ||
      journal.violations.length >= MANY_VIOLATIONS ||
      signal?.aborted === true ||
      isLate();
    const { servers } = this.ledger;
    await runLoad({ round, workers, random: this.#random.fork(), servers, journal, isOver });
    for (const injection of injections) await injection.finished();
    journal.onAnswer = () => undefined;
    if (isLate()) journal.violations.push(`round ${round} did not finish in time`);
    signal?.throwIfAborted();
  }

  /** The faults of a round, in order. */
  async #prepareInjections(fault: Fault, before: number): Promise<FaultInjection[]> {
    const at = ({ earliest, latest }: typeof FAULT_WINDOW): number =>
      before + Math.ceil(this.settings.writes * (earliest + this.#random.next() * (latest - earliest)));
    const fail = (what: string): void => void this.#journal.violations.push(what);
    const faults = [this.ledger.prepareNeighbourKill(), await this.ledger.prepareFault(fault)];
    return faults.map(
      (each, index) =>
        new FaultInjection(
          each,
          at(index === 0 ? NEIGHBOUR_WINDOW : FAULT_WINDOW),
          this.#random.fork(),
          fail,
        ),
    );
  }

  /** A random sample of all writes so far. */
  #sample(): Journal['writes'] {
    const { writes } = this.#journal;
    return [...new Set(Array.from({ length: ROUND_REPLAYS }, () => this.#random.pick(writes)))];
  }

  /** Repeats every write at each server. */
  async #replayEverywhere(): Promise<void> {
    for (const servers of this.ledger.each) {
      await replayAnswered(servers, this.#random.fork(), this.#journal, this.#journal.writes);
      this.#replays += this.#journal.writes.length;
    }
  }
}
