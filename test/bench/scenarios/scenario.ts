import type { Bench, Measured } from '../bench';
import type { Figures } from '../figures';
import type { RatioKey } from '../targets';
import type { Variants } from '../variants/variants';

/** One thing that is measured. */
export interface Cell {
  readonly name: string;
  /** Runs one turn of about this length. */
  readonly run: (seconds: number) => Promise<Measured>;
}

/** The figures of a cell, turn by turn. */
export interface Row {
  readonly name: string;
  readonly turns: readonly Figures[];
}

/** The values of a ratio, one per round. */
export type Ratios = Partial<Record<RatioKey, readonly number[]>>;

/** One line of a chart. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** A table with its own columns, for results that are not the figures of a load. */
export interface Table {
  readonly title: string;
  /** The order of the columns. Object keys would put names of digits first. */
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, string | number>>[];
}

/** A chart to draw. */
export interface Chart {
  /** Name of the file. */
  readonly file: string;
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly logarithmicY?: boolean;
  readonly series: readonly Series[];
}

export interface ScenarioResult {
  readonly rows?: readonly Row[];
  readonly ratios?: Ratios;
  readonly tables?: readonly Table[];
  readonly charts?: readonly Chart[];
  /** Notes that are printed below the tables. */
  readonly notes?: readonly string[];
}

export type Scenario = (bench: Bench, variants: Variants) => Promise<ScenarioResult>;

/**
 * Lets the cells take turns, in reverse order every other round, so that neither the after-effects of a turn nor a slow
 * drift of the machine affect only one of them. A first round of half turns warms up and is discarded.
 */
export async function takeTurns(
  bench: Bench,
  cells: readonly Cell[],
  { rounds = bench.options.rounds, seconds = bench.options.seconds } = {},
): Promise<Row[]> {
  const turns = new Map<string, Figures[]>(cells.map(({ name }) => [name, []]));
  for (const { run } of cells) await run(seconds / 2);
  for (let round = 1; round <= rounds; round += 1) {
    for (const { name, run } of round % 2 === 1 ? cells : [...cells].reverse()) {
      await bench.waitForVacuums();
      const { figures } = await run(seconds);
      turns.get(name)?.push(figures);
      const { perSecond, p50Ms, serverMicros, postgresMicros, loadCores } = figures;
      bench.progress(
        `round ${round}/${rounds}  ${name.padEnd(34)} ${perSecond.toFixed(0).padStart(7)}/s  ` +
          `p50 ${p50Ms.toFixed(2)} ms  server ${serverMicros.toFixed(1)} µs  Postgres ${postgresMicros.toFixed(1)} µs  ` +
          `load ${loadCores.toFixed(2)} cores`,
      );
    }
  }
  return [...turns].map(([name, figures]) => ({ name, turns: figures }));
}

/** The ratio of one figure between two rows, round by round. */
export function ratiosOf(rows: readonly Row[], over: string, under: string, figure: keyof Figures): number[] {
  const above = rowOf(rows, over).turns;
  const below = rowOf(rows, under).turns;
  return above.map((figures, round) => figures[figure] / (below[round]?.[figure] ?? NaN));
}

export function rowOf(rows: readonly Row[], name: string): Row {
  const row = rows.find((each) => each.name === name);
  if (row === undefined) throw new Error(`${name} was not measured`);
  return row;
}
