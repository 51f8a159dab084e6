import { createReadStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { UsageError } from '../input/usage-error';
import { assertColumns, type Cells } from './import-write';

/** A row of an import file. */
export interface ImportRow {
  /** The line that it ends in; the header is line 1. */
  readonly line: number;
  readonly cells: Cells;
  /** Why its cells cannot be told apart. */
  readonly fault: string | undefined;
  /** How much of the file is read with it. */
  readonly bytes: number;
}

/** An import file, read row by row. */
export interface ImportFile {
  readonly columns: readonly string[];
  /** Undefined for standard input. */
  readonly totalBytes: number | undefined;
  readonly rows: AsyncIterable<ImportRow>;
}

/**
 * Opens a CSV file with a header (RFC 4180). `-` is standard input.
 *
 * @throws {UsageError} when it cannot be read, or its header cannot be understood
 */
export async function openImportFile(file: string, stdin: Readable): Promise<ImportFile> {
  const totalBytes = file === '-' ? undefined : sizeOf(file);
  const records = readRecords(file === '-' ? stdin : createReadStream(file));
  const first = await records.next();
  if (first.done === true) throw new UsageError(`${file}: line 1 with the names of the columns is missing`);
  const columns = first.value.record.map((name) => name.trim());
  assertColumns(columns);
  return { columns, totalBytes, rows: rowsOf(columns, records) };
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number; readonly bytes: number };
}

async function* readRecords(source: Readable): AsyncGenerator<CsvRecord, undefined> {
  const parser = parse({ bom: true, info: true, relax_column_count: true, skip_empty_lines: true });
  source.on('error', (error) => parser.destroy(error));
  try {
    // With `info` each element is a record and where it stands.
    for await (const record of source.pipe(parser)) yield record as CsvRecord;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  return undefined;
}

async function* rowsOf(
  columns: readonly string[],
  records: AsyncIterable<CsvRecord>,
): AsyncGenerator<ImportRow> {
  for await (const { record, info } of records) {
    yield {
      line: info.lines,
      cells: Object.fromEntries(columns.map((name, at) => [name, record[at] ?? ''])),
      fault:
        record.length === columns.length
          ? undefined
          : `${record.length} cells where line 1 has ${columns.length}`,
      bytes: info.bytes,
    };
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
