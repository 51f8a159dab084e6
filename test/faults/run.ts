import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { runFaults, type FaultRunReport, type FaultRunSettings } from './fault-run';
import { ProgressBar } from './progress-bar';

const USAGE = `usage: npm run test:faults -- [--rounds N] [--seed S] [--writes N] [--workers N]

  --rounds   rounds of load, each with one fault and the kill of a server (12)
  --seed     determines what is sent, what is killed and when (random)
  --writes   answered writes per round (2000)
  --workers  concurrent callers (24)
`;

const MAX_SEED = 0xffff_ffff;
/** The end of the servers' log that is shown with a violation. */
const LOG_CHARACTERS = 4_000;
const VIOLATIONS_SHOWN = 20;

const EXIT_VIOLATED = 1;
const EXIT_USAGE = 2;

type Arguments = Omit<FaultRunSettings, 'onProgress' | 'signal'>;

async function main(): Promise<number> {
  const settings = parse(process.argv.slice(2));
  if (settings === undefined) {
    process.stderr.write(USAGE);
    return EXIT_USAGE;
  }
  print(`seed ${settings.seed}: ${settings.rounds} rounds of ${settings.writes} writes`);
  const bar = new ProgressBar(process.stdout);
  const started = performance.now();
  const interrupt = new AbortController();
  // Not once: npm forwards a signal that the terminal has already sent to us.
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => interrupt.abort(new Error(`ended by ${name}`)));
  }
  const report = await runFaults({
    ...settings,
    signal: interrupt.signal,
    onProgress: ({ round, fault, phase, done }) =>
      bar.show(`round ${round} of ${settings.rounds}: ${fault}`, phase, done),
  }).finally(() => bar.clear());
  summarise(report, (performance.now() - started) / 1_000);
  if (report.violations.length === 0) return 0;
  print(`to repeat: npm run test:faults -- ${argumentsOf(settings)}`);
  return EXIT_VIOLATED;
}

function parse(given: string[]): Arguments | undefined {
  const options = {
    rounds: { type: 'string', default: '12' },
    seed: { type: 'string', default: randomInt(MAX_SEED).toString() },
    writes: { type: 'string', default: '2000' },
    workers: { type: 'string', default: '24' },
  } as const;
  try {
    const { values } = parseArgs({ args: given, options });
    return {
      rounds: whole('rounds', values.rounds, 1, 100_000),
      seed: whole('seed', values.seed, 0, MAX_SEED),
      writes: whole('writes', values.writes, 10, 1_000_000),
      workers: whole('workers', values.workers, 1, 1_000),
    };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return undefined;
  }
}

function whole(name: string, value: string, min: number, max: number): number {
  const number = Number(value);
  if (/^[0-9]+$/.test(value) && number >= min && number <= max) return number;
  throw new RangeError(`--${name} must be a whole number from ${min} to ${max}, not "${value}"`);
}

function argumentsOf({ rounds, seed, writes, workers }: Arguments): string {
  return `--rounds ${rounds} --seed ${seed} --writes ${writes} --workers ${workers}`;
}

function summarise(report: FaultRunReport, seconds: number): void {
  const { rounds, kills, answers, resolved, comparisons, replays, reads, unansweredCalls, violations, log } =
    report;
  print(`${rounds} rounds in ${seconds.toFixed(1)} s, ${kills} servers killed`);
  print(`  ${answers} writes answered, ${resolved} of them only after the load of their round`);
  for (const [kind, count] of Object.entries(report.writesByKind)) print(`    ${count} ${kind}`);
  print(`  ${report.looseBatches} batches that were not atomic; their writes are counted above`);
  print(
    `  ${comparisons} repeated responses compared, ${replays} of them after the last round, at each server`,
  );
  print(`  ${reads} balances read`);
  print(
    `  ${report.delivered} entries delivered to watchers, whose streams were resumed ${report.resumptions} times`,
  );
  print(`  ${unansweredCalls} calls without a final response`);
  print(`  ${violations.length} violations`);
  for (const violation of violations.slice(0, VIOLATIONS_SHOWN)) print(`\n${violation}`);
  if (violations.length > VIOLATIONS_SHOWN) print(`\nand ${violations.length - VIOLATIONS_SHOWN} more`);
  if (violations.length > 0) print(`\nthe end of the log:\n${log.slice(-LOG_CHARACTERS)}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(EXIT_VIOLATED);
  },
);
