import { setTimeout as delay } from 'node:timers/promises';
import { LedgerError, type Entry, type LedgerClient, type WatchEntriesResponse } from '@ledger/client';
import type { EntryRow } from '../harness/ledger-rows';
import { waitUntil } from '../harness/wait-until';
import { faultsOf, keyOf } from '../harness/watching';
import { isExpectedDuringFault } from './attempt-result';
import { lineOfEntry, lineOfRow } from './entry-line';

const PAUSE_MS = 25;
const CATCH_UP_LIMIT_MS = 20_000;
const FAULTS_SHOWN = 5;

/** Whose entries are watched; all entries when omitted. */
export interface WatchedPart {
  readonly userId?: string;
}

/**
 * Watches the entries of a ledger from the first one on, whatever happens to its servers. A broken stream is resumed
 * with its last token at the next server. All received entries are kept.
 */
export class Watcher {
  readonly entries: Entry[] = [];
  /** How often a broken stream was resumed. */
  resumptions = 0;
  #heartbeats = 0;
  #turn = 0;
  #resumeToken = '';
  readonly #stopping = new AbortController();
  readonly #faults: string[] = [];
  #reading = Promise.resolve();

  /** @param clients one for each server, without retries */
  constructor(
    private readonly clients: readonly LedgerClient[],
    private readonly part: WatchedPart,
  ) {}

  start(): void {
    this.#reading = this.#read();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#reading;
  }

  /**
   * Compares the received entries with the table. Nothing may be written meanwhile.
   *
   * @returns descriptions of what is wrong
   */
  async check(rows: readonly EntryRow[]): Promise<string[]> {
    const { userId } = this.part;
    const stored = rows.filter((row) => userId === undefined || row.userId === userId).map(lineOfRow);
    await this.#catchUp(stored.length);
    const observed = this.entries.map(lineOfEntry);
    const [isStored, isObserved] = [new Set(stored), new Set(observed)];
    const faults = [
      ...this.#faults,
      ...faultsOf(this.entries.map(keyOf)),
      ...stored.filter((line) => !isObserved.has(line)).map((line) => `missing: ${line}`),
      ...observed.filter((line) => !isStored.has(line)).map((line) => `not in the table: ${line}`),
    ];
    if (observed.length !== stored.length)
      faults.push(`${observed.length} entries were received, ${stored.length} are stored`);
    const name = `the watcher of ${userId ?? 'everything'}`;
    const shown = faults.slice(0, FAULTS_SHOWN).map((fault) => `${name}: ${fault}`);
    return faults.length > FAULTS_SHOWN ? [...shown, `${name}: ${faults.length} faults in all`] : shown;
  }

  /** Waits for the last entry and then a heartbeat, which says that no more follow. check() reports what is missing. */
  async #catchUp(count: number): Promise<void> {
    const hasAll = (): boolean => this.entries.length >= count || this.#faults.length > 0;
    await waitUntil('all entries', hasAll, CATCH_UP_LIMIT_MS).catch(() => undefined);
    const enough = this.#heartbeats + 1;
    const isQuiet = (): boolean => this.#heartbeats >= enough || this.#faults.length > 0;
    await waitUntil('a heartbeat', isQuiet, CATCH_UP_LIMIT_MS);
  }

  async #read(): Promise<void> {
    const { signal } = this.#stopping;
    const isStopped = (): boolean => signal.aborted;
    while (!isStopped() && this.#faults.length === 0) {
      try {
        await this.#readStream(signal);
        this.#faults.push('the stream ended');
      } catch (error) {
        if (!(error instanceof LedgerError)) throw error;
        if (!isStopped() && !isExpectedDuringFault(error))
          this.#faults.push(`the stream failed with an unexpected error: ${error.message}`);
      }
      await delay(PAUSE_MS);
    }
  }

  async #readStream(signal: AbortSignal): Promise<void> {
    const client = this.clients[this.#turn % this.clients.length];
    if (client === undefined) throw new RangeError('there is no server');
    this.#turn += 1;
    const resumeToken = this.#resumeToken;
    const request = { ...this.part, resumeToken, fromStart: resumeToken === '' };
    let messages = 0;
    for await (const message of client.watchEntries(request, { signal })) {
      messages += 1;
      if (messages === 1 && resumeToken !== '') this.resumptions += 1;
      this.#take(message);
    }
  }

  #take({ entry, resumeToken }: WatchEntriesResponse): void {
    this.#resumeToken = resumeToken;
    if (entry === undefined) this.#heartbeats += 1;
    else this.entries.push(entry);
  }
}
