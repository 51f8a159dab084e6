import type { Bench, Measured } from '../bench';
import type { Figures } from '../figures';
import type { RatioKey } from '../targets';
import type { Variants } from '../variants/variants';

/** One thing that is measured. */
export interface Cell {
  readonly name: string;
  /** One turn of about that length. */
  readonly run: (seconds: number) => Promise<Measured>;
}

/** What a cell came to, turn by turn. */
export interface Row {
  readonly name: string;
  readonly turns: readonly Figures[];
}

/** The value of each round. */
export type Ratios = Partial<Record<RatioKey, readonly number[]>>;

/** A chart's lines: y over x, by name. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** A table of its own kind, for what is no load. */
export interface Table {
  readonly title: string;
  /** In their order; a name of digits would come first otherwise. */
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, string | number>>[];
}

/** What is drawn. */
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
  /** What a reader must know. */
  readonly notes?: readonly string[];
}

export type Scenario = (bench: Bench, variants: Variants) => Promise<ScenarioResult>;

/**
 * Lets the cells take turns, in the opposite order every other round, so that neither what a turn leaves behind nor
 * a slow drift of the machine is for one of them alone. A first round, of half
 * turns to warm up, is thrown away.
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
      await bench.untilVacuumRests();
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

/** One figure of a row over that of another, round by round. */
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
