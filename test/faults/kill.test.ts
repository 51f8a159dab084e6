import { runFaults } from './fault-run';

/** Fixes the load and the moments of the kills; npm run test:faults takes others. */
const SEED = 20;

/** A quarter of a minute on an idle machine. The run ends itself first, since only it can clean up. */
const RUN_LIMIT_MS = 240_000;
const TEST_LIMIT_MS = 300_000;

test(
  'keeps every answered write, once, and misses no watcher, through kill -9 of servers, Postgres and all',
  async () => {
    const report = await runFaults({
      seed: SEED,
      // The server, the postmaster, both with all of Postgres, and all of Postgres alone; its neighbour each time.
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
    // Each at each server, and what was compared before.
    expect(report.replays).toBe(2 * report.answers);
    expect(report.comparisons).toBeGreaterThan(report.replays);
    // Every kind of write took part.
    expect(Object.keys(report.writesByKind)).toHaveLength(11);
    // Somebody was hurt, and the watchers among them.
    expect(report.unansweredCalls).toBeGreaterThan(0);
    expect(report.resumptions).toBeGreaterThanOrEqual(4);
    expect(report.delivered).toBeGreaterThan(report.answers);
  },
  TEST_LIMIT_MS,
);
