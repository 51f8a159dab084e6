import { runFaults } from './fault-run';

/** Determines the load and the moments of the kills. npm run test:faults chooses other seeds. */
const SEED = 20;

/** About 15 s on an idle machine. The run has the shorter limit, because only the run itself can clean up. */
const RUN_LIMIT_MS = 240_000;
const TEST_LIMIT_MS = 300_000;

test(
  'books every answered write exactly once and delivers it to every watcher, through kill -9 of servers and Postgres',
  async () => {
    const report = await runFaults({
      seed: SEED,
      // One fault each: server, postmaster, server and all of Postgres, all of Postgres. And the neighbour each time.
      rounds: 4,
      writes: 250,
      workers: 16,
      onProgress: () => undefined,
      signal: AbortSignal.timeout(RUN_LIMIT_MS),
    });
    const { violations, log } = report;
    if (violations.length > 0) throw new Error(`${violations.join('\n')}\n\nthe log:\n${log}`);
    expect(report.rounds).toBe(4);
    expect(report.kills).toBe(6);
    expect(report.answers).toBeGreaterThanOrEqual(4 * 250);
    // Every write at each server, and those compared before.
    expect(report.replays).toBe(2 * report.answers);
    expect(report.comparisons).toBeGreaterThan(report.replays);
    // The load contained every kind of write.
    expect(Object.keys(report.writesByKind)).toHaveLength(11);
    // The faults had effects on callers and on watchers.
    expect(report.unansweredCalls).toBeGreaterThan(0);
    expect(report.resumptions).toBeGreaterThanOrEqual(4);
    expect(report.delivered).toBeGreaterThan(report.answers);
  },
  TEST_LIMIT_MS,
);
