import Table from 'cli-table3';
import { stringify } from 'csv-stringify/sync';
import { Paint } from './colour';
import { printable } from './printable';
import type { Json, JsonObject } from './proto-json';
import type { Surroundings } from './surroundings';

/** What output may look like. */
export const FORMATS = ['table', 'json', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

/** Rows with the columns that are shown of them. */
export interface Section {
  readonly columns: readonly string[];
  readonly rows: readonly JsonObject[];
}

/** What a command has found. */
export interface Answer {
  /** All of it. */
  readonly document: JsonObject;
  /** What a table shows of it, one below the other. CSV, which has one header, shows the first. */
  readonly sections: readonly [Section, ...Section[]];
}

/** The one place that turns an answer into text: every line ends with a line feed. */
export function render({ document, sections }: Answer, format: Format, io: Target): string {
  const [first] = sections;
  switch (format) {
    case 'json':
      return `${JSON.stringify(document, null, 2)}\n`;
    case 'csv':
      return csv(first, true);
    case 'table':
      return sections
        .filter(({ rows }) => rows.length > 0)
        .map((section) => table(section, io))
        .join('\n');
  }
}

/**
 * Text for answers that come one after the other: a line each, JSON without any white space, and one header at most.
 * Columns of a table grow with what comes and never shrink.
 */
export class LineRenderer {
  readonly #widths: number[] = [];
  #isFirst = true;

  constructor(
    private readonly format: Format,
    private readonly io: Target,
  ) {}

  line(document: JsonObject, section: Section): string {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    switch (this.format) {
      case 'json':
        return `${JSON.stringify(document)}\n`;
      case 'csv':
        return csv(section, isFirst);
      case 'table':
        return table(section, this.io, { header: isFirst, widths: this.#widths });
    }
  }
}

type Target = Pick<Surroundings, 'stdout' | 'env'>;

function csv({ columns, rows }: Section, header: boolean): string {
  return stringify(
    rows.map((row) => columns.map((column) => cellOf(column, row[column]))),
    { header, columns: columns.map(snakeCase), record_delimiter: 'unix' },
  );
}

const GAP = 2;
/** Nothing but white space between columns, so that awk and people can read it. */
const NO_LINES = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid'].flatMap((part) =>
    ['', '-mid', '-left', '-right'].map((place) => [`${part}${place}`, '']),
  ),
);

interface Growing {
  readonly header: boolean;
  /** Of the columns so far; kept up to date. */
  readonly widths: number[];
}

function table({ columns, rows }: Section, { stdout, env }: Target, growing?: Growing): string {
  const paint = new Paint(stdout, env);
  const head = columns.map((column) => snakeCase(column).toUpperCase());
  const cells = rows.map((row) => columns.map((column) => printable(cellOf(column, row[column]))));
  const lines = new Table({
    chars: { ...NO_LINES, middle: '' },
    style: { 'padding-left': 0, 'padding-right': GAP, head: [], border: [], compact: true },
    colAligns: columns.map((_, at) =>
      cells.length > 0 && cells.every((row) => NUMBER.test(row[at] ?? '')) ? 'right' : 'left',
    ),
    ...(growing && { colWidths: grow(growing.widths, [head, ...cells]) }),
  });
  if (growing?.header !== false) lines.push(head.map((name) => paint.bold(name)));
  lines.push(...cells);
  return lines
    .toString()
    .split('\n')
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

const NUMBER = /^(-?[0-9]+)?$/;

function grow(widths: number[], lines: readonly (readonly string[])[]): number[] {
  for (const line of lines) {
    for (const [at, { length }] of line.entries()) widths[at] = Math.max(widths[at] ?? 0, length + GAP);
  }
  return widths;
}

/** What the names of an enum begin with, by the column that says so already. */
const ENUM_PREFIXES: ReadonlyMap<string, string> = new Map([
  ['kind', 'ENTRY_KIND_'],
  ['state', 'HOLD_STATE_'],
  ['reason', 'ERROR_REASON_'],
]);

/** Enums by what is left of their name, and nothing for no value; objects stay JSON. */
function cellOf(column: string, value: Json | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? '' : JSON.stringify(value);
  const text = String(value);
  const prefix = ENUM_PREFIXES.get(column);
  if (prefix === undefined || !text.startsWith(prefix)) return text;
  return text === `${prefix}UNSPECIFIED` ? '' : text.slice(prefix.length);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
