import { inPortions } from '@ledger/kit/server/portions';
import type { OutcomeReader, StatedOutcome } from '../ledger/stated-outcome';
import type { Entry } from '../ledger/transaction';
import type { Placement } from '../ledger/placement';
import type { Connection } from '../store/pg/connection';
import {
  readRequestedHolds,
  readRequestedItems,
  readRequestedSettings,
} from '../store/statements/read-requested-rows';
import {
  readRequestRange,
  type RequestKey,
  type StoredRequest,
} from '../store/statements/read-stored-requests';
import { checkRequest } from './check-request';
import { inParts } from './in-parts';
import { readerIn, type LedgerReader } from './ledger-reader';
import { readLegsOver } from './read-legs-over';
import type { ViolationList } from './violation';

const REQUESTS_PER_PAGE = 250;

/** Requests of a cell, in key order. */
export interface RequestPage {
  /** Those that were checked: of scopes that lie in the cell. */
  readonly own: readonly StoredRequest[];
  /** Rows of requests of other cells, which booked something here. */
  readonly copies: readonly StoredRequest[];
}

/** Walks the requests in key order, page by page, and compares what each of them stored with the rows. */
export class RequestWalk {
  private cursor: RequestKey;

  private readonly here: LedgerReader;

  /**
   * @param cell whose requests are walked
   * @param userId where it begins: with this scope, or with the first one for an empty text
   */
  constructor(
    private readonly read: LedgerReader,
    private readonly placement: Placement,
    private readonly cell: number,
    private readonly outcomeReader: OutcomeReader,
    private readonly found: ViolationList,
    userId: string,
  ) {
    this.here = readerIn(read, cell);
    this.cursor = { userId, requestId: '' };
  }

  /** Checks the requests of scopes up to and including a user, from where it stopped before. Yields each page. */
  async *upTo(lastUserId: string): AsyncGenerator<RequestPage> {
    for (;;) {
      const page = await this.here((connection) =>
        readRequestRange(connection, this.cursor, lastUserId, REQUESTS_PER_PAGE),
      );
      const end = page.at(-1);
      if (end === undefined) return;
      this.cursor = end;
      const own = page.filter((row) => this.isHome(row));
      await this.check(own);
      yield { own, copies: own.length === page.length ? [] : page.filter((row) => !this.isHome(row)) };
      if (page.length < REQUESTS_PER_PAGE) return;
    }
  }

  private isHome({ userId, requestId }: StoredRequest): boolean {
    return this.placement.ofRequest(userId, requestId) === this.cell;
  }

  /**
   * What a request names is written with it, so later statements find it. Entries, transactions and items never change;
   * a hold changes once, and settings know how often.
   */
  private async check(page: readonly StoredRequest[]): Promise<void> {
    const all = await inPortions(page, (request) => this.partOf(request));
    for (const parts of inParts(all, ({ entries }) => entries.length)) await this.checkParts(parts);
  }

  private async checkParts(parts: readonly Part[]): Promise<void> {
    const entries = parts.flatMap((part) => part.entries);
    const legs = await readLegsOver(this.read, this.placement, entries);
    const holds = await this.readIf(
      parts.flatMap((part) => part.stated?.hold ?? []),
      readRequestedHolds,
    );
    const items = await this.readIf(
      parts.flatMap((part) => part.item ?? []),
      readRequestedItems,
    );
    const settings = await this.readIf(
      parts.flatMap((part) => part.stated?.settings ?? []),
      readRequestedSettings,
    );
    const holdOf = new Map(holds.map((row) => [`${row.userId} ${row.holdId}`, row]));
    const itemOf = new Map(items.map((row) => [`${row.itemId} ${row.version}`, row]));
    const settingsOf = new Map(settings.map((row) => [`${row.userId} ${row.asset}`, row]));
    let taken = 0;
    for (const { request, stated, item, entries: own } of parts) {
      const rows = {
        legs: legs.slice(taken, taken + own.length),
        hold: holdOf.get(`${stated?.hold?.userId} ${stated?.hold?.holdId}`),
        item: itemOf.get(`${item?.itemId} ${item?.version}`),
        settings: settingsOf.get(`${stated?.settings?.userId} ${stated?.settings?.asset}`),
      };
      taken += own.length;
      for (const violation of checkRequest(request, stated, rows)) this.found.add(violation);
    }
  }

  private partOf(request: StoredRequest): Part {
    const { method, code, outcome } = request;
    const stated = outcome === null ? null : this.outcomeReader(method, code, outcome);
    const snapshot = stated?.transaction?.header.item ?? null;
    const paid = snapshot !== null && snapshot.priceVersion > 0n;
    return {
      ...{ request, stated, entries: stated?.transaction?.entries ?? [] },
      item: paid ? { itemId: snapshot.itemId, version: snapshot.priceVersion } : (stated?.item ?? null),
    };
  }

  private readIf<Key, Found>(
    keys: readonly Key[],
    read: (connection: Connection, keys: readonly Key[]) => Promise<Found[]>,
  ): Promise<Found[]> {
    return keys.length === 0 ? Promise.resolve([]) : this.here((connection) => read(connection, keys));
  }
}

/** A request, what its stored response says, and what that refers to. */
interface Part {
  readonly request: StoredRequest;
  readonly stated: StatedOutcome | null;
  readonly entries: readonly Entry[];
  readonly item: { readonly itemId: string; readonly version: bigint } | null;
}
