import { appendFileSync, existsSync } from 'node:fs';
import { stringify } from 'csv-stringify/sync';
import { UsageError } from '../input/usage-error';
import type { Cells } from './import-write';

/** The rows that failed, as a file that can be imported: with the request id of the next try, and with the reason. */
export class FailuresFile {
  #isEmpty = true;
  readonly #columns: readonly string[];

  /** @throws {UsageError} when the file is there already: it may be the only place where a repaired row is */
  constructor(
    readonly path: string,
    columns: readonly string[],
  ) {
    if (existsSync(path)) {
      throw new UsageError(`${path} is there already: import it, move it, or name another one by --failures`);
    }
    this.#columns = [
      ...columns.filter((name) => name !== 'request_id' && name !== 'error'),
      'request_id',
      'error',
    ];
  }

  /** Adds a row. It is on its way to the disk before the next write is sent. */
  add(cells: Cells, requestId: string, error: string): void {
    const values: Cells = { ...cells, request_id: requestId, error };
    const row = this.#columns.map((name) => values[name] ?? '');
    const lines = this.#isEmpty ? [[...this.#columns], row] : [row];
    appendFileSync(this.path, stringify(lines, { record_delimiter: 'unix' }));
    this.#isEmpty = false;
  }
}

/** The request id under which a failure that the ledger keeps is tried again: `pay-7`, `pay-7~2`, `pay-7~3`. */
export function nextTryOf(requestId: string): string {
  const { base = requestId, tries = '1' } = /^(?<base>.*)~(?<tries>\d{1,4})$/.exec(requestId)?.groups ?? {};
  return `${base}~${Number(tries) + 1}`;
}
