import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

/** Names of the scenarios, in the order in which they run. */
export const scenarioNames = [
  'purchases',
  'skew',
  'batches',
  'balances',
  'low-load',
  'clients',
  'open-loop',
  'overload',
  'fairness',
  'processes',
  'builds',
  'kinds',
  'curve',
  'growth',
  'watch',
] as const;
export type ScenarioName = (typeof scenarioNames)[number];

export const USAGE = `usage: npm run bench -- [--quick] [--only NAME,NAME] [--json FILE] [--chart DIR] [--rounds N]
                        [--seconds N] [--users N] [--entries N] [--seed N] [--postgres DIR] [--against DIR]

  --quick    fewer and shorter turns: under three minutes
  --only     run only some of: ${scenarioNames.join(', ')}
  --json     writes all figures and the ratios to a file
  --chart    writes charts (SVG) into a folder
  --rounds   how many turns each variant takes (5; quick: 2)
  --seconds  length of a turn (4; quick: 0.6)
  --users    number of accounts (100000)
  --entries  entries of the longest account (1000000; quick: 50000)
  --seed     seed for the choice of users (random)
  --postgres the folder with initdb and postgres of an installed Postgres (the embedded one)
  --against  another checkout, installed and built, for the scenario builds: the builds take turns, each on a database
             of its own
`;

/** The command line is invalid. The message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What to measure. */
export interface Options {
  readonly quick: boolean;
  readonly scenarios: readonly ScenarioName[];
  readonly json: string | undefined;
  readonly chart: string | undefined;
  readonly rounds: number;
  readonly seconds: number;
  readonly users: number;
  readonly entries: number;
  readonly seed: number;
  /** Another checkout of this repository, installed and built; absent: none. */
  readonly against: string | undefined;
  /** A folder with `initdb` and `postgres`; undefined means the embedded binaries. */
  readonly postgres: string | undefined;
}

const MAX_SEED = 0xffff_ffff;

/** @throws UsageError */
export function parseOptions(args: readonly string[]): Options {
  const values = parse(args);
  const quick = values.quick ?? false;
  return {
    quick,
    scenarios: scenariosOf(values.only),
    json: values.json,
    chart: values.chart,
    rounds: number('rounds', values.rounds ?? (quick ? '2' : '5'), 1, 1_000),
    seconds: number('seconds', values.seconds ?? (quick ? '0.6' : '4'), 0.1, 3_600),
    users: number('users', values.users ?? '100000', 1_000, 1_000_000),
    entries: number('entries', values.entries ?? (quick ? '50000' : '1000000'), 1_000, 100_000_000),
    seed: number('seed', values.seed ?? randomInt(MAX_SEED).toString(), 0, MAX_SEED),
    postgres: values.postgres,
    against: values.against,
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean' },
        ...{ only: text, json: text, chart: text, rounds: text, seconds: text, users: text },
        ...{ entries: text, seed: text, postgres: text, against: text },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function scenariosOf(only: string | undefined): ScenarioName[] {
  if (only === undefined) return [...scenarioNames];
  const wanted = only.split(',');
  const unknown = wanted.filter((name) => !scenarioNames.some((known) => known === name));
  if (unknown.length > 0) throw new UsageError(`--only does not know ${unknown.join(', ')}`);
  return scenarioNames.filter((name) => wanted.includes(name));
}

function number(name: string, value: string, min: number, max: number): number {
  const parsed = Number(value);
  const whole = name === 'seconds' || Number.isInteger(parsed);
  if (/^[0-9.]+$/.test(value) && whole && parsed >= min && parsed <= max) return parsed;
  throw new UsageError(`--${name} must be a number from ${min} to ${max}, not "${value}"`);
}
