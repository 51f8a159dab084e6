import type { JsonValue } from '@bufbuild/protobuf';
import CliTable from 'cli-table3';
import { stringify } from 'csv-stringify/sync';
import type { CommandContext } from '../command-context';
import { Paint } from './paint';
import { printable } from './printable';

/** The output formats. */
export const FORMATS = ['table', 'json', 'csv'] as const;
/** One of them. */
export type Format = (typeof FORMATS)[number];

/** Rows of text under the names of their columns, such as `user_id`. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What a command prints, independent of the format. */
export interface View {
  /** Everything; printed as JSON. */
  readonly document: JsonValue;
  /** Printed one below the other. CSV, which has one header, prints the first. */
  readonly tables: readonly Table[];
}

/** A view as text. Every line ends with a line feed. */
export function render({ document, tables }: View, format: Format, target: Target): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(document, null, 2)}\n`;
    case 'csv':
      return tables
        .slice(0, 1)
        .map((table) => csvOf(table, true))
        .join('');
    case 'table':
      return tables
        .filter(({ rows }) => rows.length > 0)
        .map((table) => textOf(table, target))
        .join('\n');
  }
}

/**
 * Views that come one after the other as text: one line each, JSON without white space, and at most one header. Columns
 * of a table grow with their content and never shrink.
 */
export class LineRenderer {
  readonly #widths: number[] = [];
  #isFirst = true;

  constructor(
    private readonly format: Format,
    private readonly target: Target,
  ) {}

  /** The lines of the next view; of its tables only the first is used. */
  lines({ document, tables }: View): string {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    switch (this.format) {
      case 'json':
        return `${JSON.stringify(document)}\n`;
      case 'csv':
        return tables
          .slice(0, 1)
          .map((table) => csvOf(table, isFirst))
          .join('');
      case 'table':
        return tables
          .slice(0, 1)
          .map((table) => textOf(table, this.target, { header: isFirst, widths: this.#widths }))
          .join('');
    }
  }
}

type Target = Pick<CommandContext, 'stdout' | 'env'>;

function csvOf({ columns, rows }: Table, header: boolean): string {
  return stringify(
    [...(header ? [columns] : []), ...rows].map((row) => [...row]),
    { record_delimiter: 'unix' },
  );
}

const GAP = 2;
/** No lines between cells: white space alone is easy to read for people and for awk. */
const NO_LINES = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid'].flatMap((part) =>
    ['', '-mid', '-left', '-right'].map((suffix) => [`${part}${suffix}`, '']),
  ),
);

interface GrowingTable {
  readonly header: boolean;
  /** Of the columns printed so far; updated. */
  readonly widths: number[];
}

function textOf({ columns, rows }: Table, { stdout, env }: Target, growing?: GrowingTable): string {
  const paint = new Paint(stdout, env);
  const head = columns.map((column) => column.toUpperCase());
  const cells = rows.map((row) => row.map(printable));
  const lines = new CliTable({
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

const NUMBER = /^(-?[0-9]+(\.[0-9]+)?)?$/;

function grow(widths: number[], lines: readonly (readonly string[])[]): number[] {
  for (const line of lines) {
    for (const [at, { length }] of line.entries()) widths[at] = Math.max(widths[at] ?? 0, length + GAP);
  }
  return widths;
}
