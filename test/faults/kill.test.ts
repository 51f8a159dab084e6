import { runFaults } from './fault-run';

/** Fixes the load and the moments of the kills; npm run test:faults takes others. */
const SEED = 20;

test('keeps every answered write, once, through kill -9 of the server, its Postgres and both', async () => {
  const report = await runFaults({
    seed: SEED,
    // The server, the postmaster, both with all of Postgres, and all of Postgres alone.
    rounds: 4,
    writes: 600,
    workers: 16,
    onProgress: () => undefined,
  });
  const { violations, log } = report;
  if (violations.length > 0) throw new Error(`${violations.join('\n')}\n\nthe log:\n${log}`);
  expect(report.rounds).toBe(4);
  expect(report.answers).toBeGreaterThanOrEqual(4 * 600);
  expect(report.comparisons).toBeGreaterThanOrEqual(report.answers);
  // Somebody was hurt.
  expect(report.absences).toBeGreaterThan(0);
}, 180_000);
