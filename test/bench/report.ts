import { writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { writeCharts } from './charts';
import { spreadOf, type Figures } from './figures';
import type { Options, ScenarioName } from './options';
import type { Row, ScenarioResult } from './scenarios/scenario';
import { boundOf, isMet, targets, type RatioKey } from './targets';
import { printTable } from './print-table';

/** The load generator has one thread. Above this, it may itself be the bottleneck. */
const LOAD_CORES_MAX = 0.7;

/** A scenario and its result. */
export interface ScenarioReport extends ScenarioResult {
  readonly name: ScenarioName;
}

/** Everything that is reported. */
export interface Report {
  readonly options: Options;
  readonly settings: Readonly<Record<string, string>>;
  readonly scenarios: readonly ScenarioReport[];
  readonly seconds: number;
}

/** Prints tables and writes the requested files. */
export async function report(given: Report): Promise<void> {
  const machine = { node: process.version, cpu: cpus()[0]?.model ?? '', cores: cpus().length };
  console.log(
    `\nNode ${machine.node}, ${machine.cores} cores (${machine.cpu}), ${(totalmem() / 2 ** 30).toFixed(0)} GiB; ` +
      `seed ${given.options.seed}, ${given.options.rounds} rounds of ${given.options.seconds} s; ` +
      `${given.seconds.toFixed(0)} s in all`,
  );
  console.log(`Postgres: ${wordsOf(given.settings)}`);
  for (const scenario of given.scenarios) printScenario(scenario);
  const ratios = ratiosOfAll(given.scenarios);
  printRatios(ratios);
  const medians = Object.fromEntries(Object.entries(ratios).map(([key, { median }]) => [key, median]));
  console.log(JSON.stringify({ ratios: medians }, null, 2));
  if (given.options.chart !== undefined) {
    const charts = given.scenarios.flatMap((scenario) => scenario.charts ?? []);
    for (const path of await writeCharts(given.options.chart, charts)) console.log(`drawn: ${path}`);
  }
  if (given.options.json === undefined) return;
  const { scenarios, ...rest } = given;
  const told = scenarios.map((scenario) => ({ ...scenario, rows: scenario.rows?.map(withMedians) }));
  const spread = ratios;
  await writeFile(
    given.options.json,
    `${JSON.stringify({ ratios: medians, spread, machine, ...rest, scenarios: told }, null, 2)}\n`,
  );
}

/** The settings in one line. */
export function wordsOf(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

type Spreads = Readonly<Record<string, ReturnType<typeof spreadOf>>>;

function ratiosOfAll(scenarios: readonly ScenarioReport[]): Spreads {
  const values = Object.assign({}, ...scenarios.map(({ ratios }) => ratios ?? {})) as Record<
    string,
    number[]
  >;
  return Object.fromEntries(
    Object.keys(targets)
      .filter((key) => values[key] !== undefined)
      .map((key) => [key, spreadOf(values[key] ?? [])]),
  );
}

function printScenario({ name, rows, tables, notes }: ScenarioReport): void {
  console.log(`\n== ${name}`);
  if (rows !== undefined) printTable(rows.map(lineOf));
  for (const { title, columns, rows: lines } of tables ?? []) {
    console.log(`\n${title}`);
    printTable(lines, columns);
  }
  for (const note of notes ?? []) console.log(note);
  const max = Math.max(0, ...(rows ?? []).flatMap(({ turns }) => turns.map(({ loadCores }) => loadCores)));
  if (max > LOAD_CORES_MAX)
    console.log(`the load took ${max.toFixed(2)} cores: it may have been the bottleneck`);
}

function lineOf(row: Row): Record<string, string> {
  const of = (figure: keyof Figures, digits: number): string =>
    spreadOf(row.turns.map((turn) => turn[figure])).median.toFixed(digits);
  const { min, max } = spreadOf(row.turns.map(({ perSecond }) => perSecond));
  return {
    variant: row.name,
    'per s': of('perSecond', 0),
    'from - to': `${min.toFixed(0)} - ${max.toFixed(0)}`,
    'p50 ms': of('p50Ms', 2),
    'p90 ms': of('p90Ms', 2),
    'p99 ms': of('p99Ms', 2),
    'server µs': of('serverMicros', 1),
    'Postgres µs': of('postgresMicros', 1),
    'WAL bytes': of('walBytes', 0),
    'load cores': of('loadCores', 2),
    'free cores': of('freeCores', 2),
  };
}

function printRatios(ratios: Spreads): void {
  console.log('\n== ratios: medians of all rounds');
  printTable(
    Object.entries(ratios).map(([key, { median, min, max }]) => ({
      ratio: key,
      value: median.toFixed(2),
      'from - to': `${min.toFixed(2)} - ${max.toFixed(2)}`,
      target: boundOf(key as RatioKey),
      met: isMet(key as RatioKey, median) ? 'yes' : 'NO',
      meaning: targets[key as RatioKey].says,
    })),
  );
}

function withMedians(row: Row): object {
  const figures = Object.keys(row.turns[0] ?? {}) as (keyof Figures)[];
  const median = Object.fromEntries(
    figures.map((figure) => [figure, spreadOf(row.turns.map((turn) => turn[figure])).median]),
  );
  return { ...row, median };
}
