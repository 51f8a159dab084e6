import type { BatchWriteResult } from '@ledger/client';
import type { CommandGroup } from '../command-group';
import { EXIT, exitCodeOf, isLedgerError } from '../exit-codes';
import { UsageError } from '../input/usage-error';
import { isKept } from '../output/error-report';
import type { Session } from '../session';
import { type FailuresFile, nextTryOf } from './failures-file';
import type { ImportRow } from './import-file';
import { type Cells, writeOf } from './import-write';

/** Rows in one message: large enough that its cost is shared, small enough that the bar moves. */
const ROWS_PER_MESSAGE = 500;

/** How an import makes its writes, and where its failures go. */
export interface ImportOptions {
  /** The request id of a row that names none begins with this. */
  readonly baseId: string;
  readonly parseAmount: CommandGroup['parseAmount'];
  readonly failures: FailuresFile;
}

/** Books rows in their order. After a message without an answer, the rest of the rows is not sent. */
export class RowImporter {
  booked = 0;
  /** Booked by an earlier import. */
  replayed = 0;
  failed = 0;
  /** Of those that failed: rows whose answer was lost. */
  unknown = 0;
  /** The error that decides the exit code: the first, or the first that says that rows may be sent again. */
  cause: Error | undefined;
  #waiting: Prepared[] = [];
  #isOver = false;
  #causeRank = Number.POSITIVE_INFINITY;

  constructor(
    private readonly session: Session,
    private readonly options: ImportOptions,
  ) {}

  /** Takes a row. Returns whether rows were sent now. */
  async take({ line, cells, fault }: ImportRow): Promise<boolean> {
    const { baseId, parseAmount } = this.options;
    const given = cells['request_id'] ?? '';
    const requestId = given === '' ? `${baseId}-${line}` : given;
    try {
      if (fault !== undefined) throw new UsageError(fault);
      this.#waiting.push({ line, cells, requestId, write: writeOf(cells, requestId, parseAmount) });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.#fail({ line, cells, requestId }, new UsageError(`line ${line}: ${error.message}`));
    }
    if (this.#waiting.length < ROWS_PER_MESSAGE) return false;
    await this.#send();
    return true;
  }

  /** Sends the rows that wait. */
  async finish(): Promise<void> {
    if (this.#waiting.length > 0) await this.#send();
  }

  summary(): string {
    return `${this.booked} booked, ${this.replayed} booked before, ${this.failed} failed`;
  }

  async #send(): Promise<void> {
    const rows = this.#waiting;
    this.#waiting = [];
    if (this.#isOver) {
      for (const row of rows) this.#fail(row, new UsageError('not sent'));
      return;
    }
    try {
      const writes = rows.map(({ write }) => ({ write }));
      const { results } = await this.session.client.batchWrite({ writes }, this.session.call);
      for (const [at, row] of rows.entries()) this.#take(row, results[at]);
    } catch (error) {
      if (!isLedgerError(error)) throw error;
      // The ledger is away, too busy or too slow: the next message would end in the same way.
      this.#isOver = exitCodeOf(error) === EXIT.unavailable;
      for (const row of rows) this.#fail(row, error);
    }
  }

  #take(row: Prepared, result: BatchWriteResult | undefined): void {
    if (result?.outcome?.$case === 'error') {
      const { LedgerError } = this.session.api;
      const { write, requestId } = row;
      const details = { method: write.$case, requestId, replayed: result.replayed };
      this.#fail(row, LedgerError.fromStatus(result.outcome.value, details));
    } else if (result?.replayed === true) this.replayed += 1;
    else this.booked += 1;
  }

  #fail({ line, cells, requestId }: Place, error: Error): void {
    this.failed += 1;
    const mayBeSentAgain = exitCodeOf(error) === EXIT.unavailable;
    if (isLedgerError(error) && error.outcomeUnknown) this.unknown += 1;
    // Rows of one message fail later than one that cannot be sent, so the order of the file decides.
    const rank = mayBeSentAgain ? line - Number.MAX_SAFE_INTEGER : line;
    if (rank < this.#causeRank) {
      this.#causeRank = rank;
      this.cause = error;
    }
    // What the ledger keeps as the answer to an id is its answer for ever.
    const isFinal = isLedgerError(error) && !mayBeSentAgain && isKept(error);
    this.options.failures.add(cells, isFinal ? nextTryOf(requestId) : requestId, error.message);
  }
}

/** A row and the request id of its write. */
interface Place {
  readonly line: number;
  readonly cells: Cells;
  readonly requestId: string;
}

interface Prepared extends Place {
  readonly write: ReturnType<typeof writeOf>;
}
