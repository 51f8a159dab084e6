import type { OutcomeReader } from '../ledger/stated-outcome';
import {
  readRequestRange,
  type RequestKey,
  type StoredRequest,
} from '../store/statements/read-stored-requests';
import { readLegs, readTransactions } from '../store/statements/read-stored-transactions';
import { checkRequest } from './check-request';
import type { LedgerReader } from './ledger-reader';
import type { ViolationList } from './violation';

const REQUESTS_PER_PAGE = 250;

/** Walks the requests in key order, page by page, and compares what each of them stored with the rows. */
export class RequestWalk {
  private cursor: RequestKey;

  /** @param userId where it begins: with this scope, or with the first one for an empty text */
  constructor(
    private readonly read: LedgerReader,
    private readonly outcomeReader: OutcomeReader,
    private readonly found: ViolationList,
    userId: string,
  ) {
    this.cursor = { userId, requestId: '' };
  }

  /** Checks the requests of scopes up to and including a user, from where it stopped before. Yields between pages. */
  async *upTo(lastUserId: string): AsyncGenerator<void> {
    for (;;) {
      const page = await this.read((connection) =>
        readRequestRange(connection, this.cursor, lastUserId, REQUESTS_PER_PAGE),
      );
      await this.check(page);
      const end = page.at(-1);
      if (end === undefined) return;
      this.cursor = end;
      if (page.length < REQUESTS_PER_PAGE) return;
      yield;
    }
  }

  /** Rows that a request names are written with it and never change, so they may be read by later statements. */
  private async check(page: readonly StoredRequest[]): Promise<void> {
    const parts = page.map((request) => {
      const { method, code, outcome } = request;
      const stated = outcome === null ? null : this.outcomeReader(method, code, outcome);
      return { request, stated, entries: stated?.transaction?.entries ?? [] };
    });
    const booked = page.flatMap(({ userId, transactionId }) =>
      transactionId === null ? [] : [{ userId, transactionId }],
    );
    const entries = parts.flatMap((part) => part.entries);
    const transactions = await this.read((connection) => readTransactions(connection, booked));
    const legs = await this.read((connection) => readLegs(connection, entries));
    const byId = new Map(transactions.map((row) => [`${row.userId} ${row.transactionId}`, row]));
    let taken = 0;
    for (const { request, stated, entries: own } of parts) {
      const rows = {
        transaction: byId.get(`${request.userId} ${request.transactionId ?? ''}`) ?? null,
        legs: legs.slice(taken, taken + own.length),
      };
      taken += own.length;
      for (const violation of checkRequest(request, stated, rows)) this.found.add(violation);
    }
  }
}
