import { Bench } from './bench';
import { openEnvironment } from './environment';
import { parseOptions, USAGE, UsageError, type Options } from './options';
import { report, wordsOf, type ScenarioReport } from './report';
import { scenarios } from './scenarios/scenarios';
import { checkInvariants } from './check-invariants';
import { Variants } from './variants/variants';
import { makeSegments, segmentsBegun } from './wal-segments';

/**
 * Measures the ledger and the variants it is compared with, in turns, on one Postgres with fsync, full_page_writes and
 * synchronous_commit on. Every response is checked, and after the run all rules are. Read the ratios rather than the
 * absolute figures: machines are shared and noisy.
 */
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** WAL segments that are created before anything is measured: 6.4 GB, quick: 1 GB. */
const SEGMENTS = 400;
const QUICK_SEGMENTS = 64;

async function main(options: Options): Promise<void> {
  if (process.platform !== 'linux') throw new Error('CPU time is read from /proc: this runs on Linux only');
  const environment = await openEnvironment(options.postgres);
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => reject(new Error(`ended by ${signal}`)));
    }
  });
  // The signal may come before the race below waits for it.
  interrupted.catch(() => undefined);
  try {
    const bench = await Bench.open(options, environment);
    const variants = new Variants(bench);
    try {
      await Promise.race([measure(bench, variants), interrupted]);
    } finally {
      await variants.stop();
      await bench.close();
    }
  } finally {
    await environment.dispose();
  }
}

async function measure(bench: Bench, variants: Variants): Promise<void> {
  const { options } = bench;
  const { settings } = bench.environment;
  bench.progress(`Postgres: ${wordsOf(settings)}`);
  bench.progress(`seed ${options.seed}, ${options.rounds} rounds of ${options.seconds} s`);
  const started = performance.now();
  const { admin } = bench.environment;
  const segments = options.quick ? QUICK_SEGMENTS : SEGMENTS;
  await makeSegments(admin, segments);
  const begunBefore = await segmentsBegun(admin);
  bench.progress(`${segments} WAL segments are ready (after ${secondsSince(started)} s)`);
  const reports: ScenarioReport[] = [];
  for (const name of options.scenarios) {
    bench.progress(`-- ${name} (after ${secondsSince(started)} s)`);
    reports.push({ name, ...(await scenarios[name](bench, variants)) });
  }
  const used = (await segmentsBegun(admin)) - begunBefore;
  bench.progress(`${used} WAL segments were used, ${Math.max(0, used - segments)} of them new`);
  const faults = await checkInvariants(bench, variants);
  await report({
    options,
    settings,
    scenarios: reports,
    seconds: (performance.now() - started) / 1_000,
  });
  if (faults.length > 0) throw new Error(`the checks failed:\n${faults.slice(0, 20).join('\n')}`);
  console.log('all rules hold');
}

function secondsSince(started: number): string {
  return ((performance.now() - started) / 1_000).toFixed(0);
}

function start(): Promise<void> {
  try {
    return main(parseOptions(process.argv.slice(2)));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n${USAGE}`);
    process.exit(EXIT_USAGE);
  }
}

start().catch((error: unknown) => {
  console.error(error);
  process.exitCode = EXIT_FAILED;
});
