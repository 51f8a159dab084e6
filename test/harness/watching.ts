import type { Entry, LedgerClient, WatchEntriesRequest, WatchEntriesResponse } from '@ledger/client';
import type { TestDatabase } from './test-database';
import { waitUntil } from './wait-until';

/** A stream of entries that is read in the background. */
export interface Watching {
  /** Entries and heartbeats. */
  readonly messages: readonly WatchEntriesResponse[];
  /** What came, by keyOf. */
  keys(): string[];
  /** Resolves with the first message of all: the stream is open. */
  opened(): Promise<WatchEntriesResponse>;
  /** Resolves when so many entries came. */
  untilEntries(count: number): Promise<void>;
  /** Resolves when so many more heartbeats came than there are now. */
  untilHeartbeats(more: number): Promise<void>;
  /** Leaves the stream; throws what broke it, if anything did. */
  stop(): Promise<void>;
}

/** Opens a stream and reads whatever comes. */
export function watch(client: LedgerClient, request: WatchEntriesRequest): Watching {
  const leave = new AbortController();
  const messages: WatchEntriesResponse[] = [];
  const entries = (): Entry[] => entriesOf(messages);
  let failure: Error | null = null;
  const reading = (async () => {
    for await (const message of client.watchEntries(request, { signal: leave.signal }))
      messages.push(message);
  })().catch((error: unknown) => {
    if (!leave.signal.aborted) failure = error instanceof Error ? error : new Error(String(error));
  });
  const until = (what: string, holds: () => boolean): Promise<void> =>
    waitUntil(what, () => {
      if (failure !== null) throw failure;
      return holds();
    });
  return {
    messages,
    keys: () => entries().map(keyOf),
    opened: async () => {
      await until('the stream opens', () => messages.length > 0);
      const [first] = messages;
      if (first === undefined) throw new Error('the stream did not open');
      return first;
    },
    untilEntries: (count) => until(`${count} entries`, () => entries().length >= count),
    untilHeartbeats: (more) => {
      const heartbeats = (): number => messages.length - entries().length;
      const enough = heartbeats() + more;
      return until(`${more} heartbeats`, () => heartbeats() >= enough);
    },
    stop: async () => {
      leave.abort();
      await reading;
      if (failure !== null) throw failure;
    },
  };
}

/** Reads a stream up to its first messages that fit, and leaves it. */
export async function firstOf(
  client: LedgerClient,
  request: WatchEntriesRequest,
  count: number,
  fits: (message: WatchEntriesResponse) => boolean = ({ entry }) => entry !== undefined,
): Promise<WatchEntriesResponse[]> {
  const found: WatchEntriesResponse[] = [];
  for await (const message of client.watchEntries(request)) {
    if (fits(message)) found.push(message);
    if (found.length === count) return found;
  }
  throw new Error('the stream ended');
}

/** The entries among messages. */
export function entriesOf(messages: readonly WatchEntriesResponse[]): Entry[] {
  return messages.flatMap(({ entry }) => entry ?? []);
}

/** Names an entry. */
export function keyOf({ userId, asset, stripe, sequence }: Omit<StoredKey, 'commitOrder'>): string {
  return `${userId} ${asset} ${stripe} ${sequence}`;
}

/** An entry of the database. */
export interface StoredKey {
  readonly userId: string;
  readonly asset: string;
  readonly stripe: number;
  readonly sequence: bigint | string;
  readonly commitOrder: string;
}

/** All entries in the order in which streams must give them. */
export async function storedKeys(database: TestDatabase): Promise<StoredKey[]> {
  return database.query<StoredKey>(
    `SELECT e.user_id AS "userId", e.asset, e.stripe, e.sequence::text, t.commit_order::text AS "commitOrder"
       FROM ledger.entries e JOIN ledger.transactions t USING (transaction_id)
      ORDER BY t.commit_order, e.user_id, e.asset, e.stripe, e.sequence`,
  );
}

/** What breaks the promise of a stream that began with the first entry: each once, and in order of its account. */
export function faultsOf(keys: readonly string[]): string[] {
  const last = new Map<string, number>();
  return keys.flatMap((key) => {
    const account = key.slice(0, key.lastIndexOf(' '));
    const sequence = Number(key.slice(account.length));
    const expected = (last.get(account) ?? 0) + 1;
    last.set(account, sequence);
    return sequence === expected ? [] : [`${key} came in place of ${expected}`];
  });
}
