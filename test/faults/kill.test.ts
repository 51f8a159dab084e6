import { runFaults } from './fault-run';

/** Fixes the load and the moments of the kills; npm run test:faults takes others. */
const SEED = 20;

/** A quarter of a minute on an idle machine. The run ends itself first, since only it can clean up. */
const RUN_LIMIT_MS = 240_000;
const TEST_LIMIT_MS = 300_000;

test(
  'keeps every answered write, once, through kill -9 of the server, its Postgres and both',
  async () => {
    const report = await runFaults({
      seed: SEED,
      // The server, the postmaster, both with all of Postgres, and all of Postgres alone.
      rounds: 4,
      writes: 600,
      workers: 16,
      onProgress: () => undefined,
      signal: AbortSignal.timeout(RUN_LIMIT_MS),
    });
    const { violations, log } = report;
    if (violations.length > 0) throw new Error(`${violations.join('\n')}\n\nthe log:\n${log}`);
    expect(report.rounds).toBe(4);
    expect(report.answers).toBeGreaterThanOrEqual(4 * 600);
    expect(report.comparisons).toBeGreaterThanOrEqual(report.answers);
    // Somebody was hurt.
    expect(report.absences).toBeGreaterThan(0);
  },
  TEST_LIMIT_MS,
);
