import { cellSchemas } from '../harness/cell-schemas';
import { HoldState, type Account, type LedgerClient } from '@ledger/client';
import { checkLedger } from '../harness/check-ledger';
import { readLedgerRows, type LedgerRows, type Queryable } from '../harness/ledger-rows';
import { namesOf, verify } from '../harness/verification';
import { lineOfEntry, lineOfRow, epochMicrosOf } from './entry-line';
import { keyOfWrite, type Journal } from './journal';
import type { ObservedHold, ObservedLedger } from './observed-ledger';
import type { WriteIntent } from './write-intent';

type Settings = Pick<Account, 'minBalance' | 'frozen' | 'metadata' | 'etag'>;

/** The settings of an account that nobody changed. Their etag is not compared. */
const UNTOUCHED: Settings = { minBalance: 0n, frozen: false, metadata: new Map(), etag: '' };

interface HoldRow {
  readonly holdId: string;
  readonly state: number;
  readonly capturedAmount: string;
  readonly isDue: boolean;
}

/** Compares the ledger's tables with what its callers observed, and checks the ledger's own rules. */
export class LedgerStateCheck {
  /** @param users whose settings are compared */
  constructor(
    private readonly journal: Journal,
    private readonly users: readonly string[],
  ) {}

  /**
   * Runs all checks. No write may run meanwhile, and every write must have a final response.
   *
   * @returns the rows, for further checks
   */
  async check(database: Queryable, client: LedgerClient, observed: ObservedLedger): Promise<LedgerRows> {
    this.journal.violations.push(...(await checkLedger(database)));
    const rows = await readLedgerRows(database);
    this.#checkRequests(rows);
    this.#checkFailedBatches(await readRequestTimes(database));
    this.#checkTransactions(rows, observed);
    this.#checkItems(rows);
    this.#checkBalances(rows, observed);
    this.#checkReads(rows);
    this.#checkHolds(await readHolds(database), observed);
    await this.#checkSettings(client, observed);
    await this.#verify(client, rows);
    return rows;
  }

  /** Each answered write has exactly one row, with the bytes of its response. There are no other rows. */
  #checkRequests({ requests }: LedgerRows): void {
    const found = new Map(requests.map((row) => [`${row.userId} ${row.requestId}`, row]));
    for (const write of this.journal.writes) {
      const { intent, answer, outcome } = write;
      const row = found.get(keyOfWrite(intent));
      found.delete(keyOfWrite(intent));
      if (answer === undefined) continue;
      const booked = outcome?.type === 'done' ? outcome.response.transaction?.transactionId : undefined;
      const isKept =
        row?.code === answer.code &&
        row.outcome === answer.bytes &&
        row.transactionId === (booked ?? null) &&
        row.method === methodOf(intent);
      if (!isKept) this.journal.addViolation(write, 'has no request row with its response', { row, outcome });
    }
    for (const key of found.keys()) this.#addViolation(`request ${key} was never sent`);
  }

  /**
   * A failed atomic batch stores its failure and nothing of its writes: no write may have been decided in its database
   * transaction, that is, have the same create_time as the request of the batch.
   */
  #checkFailedBatches(times: ReadonlyMap<string, string>): void {
    for (const batch of this.journal.writes) {
      if (batch.outcome?.type !== 'refused') continue;
      const time = times.get(keyOfWrite(batch.intent));
      const decided = batch.parts.filter(({ intent }) => times.get(keyOfWrite(intent)) === time);
      if (decided.length > 0) this.journal.addViolation(batch, 'failed but stored writes', decided);
    }
  }

  /** Each write that moved value has exactly one transaction, with the entries of its response. There are no others. */
  #checkTransactions({ transactions, entries }: LedgerRows, observed: ObservedLedger): void {
    const found = new Map<string, string[]>();
    for (const { userId, requestId, transactionId } of transactions) {
      const key = `${userId} ${requestId}`;
      found.set(key, [...(found.get(key) ?? []), transactionId]);
    }
    const lines = new Map<string, string[]>();
    for (const row of entries) {
      const list = lines.get(row.transactionId);
      if (list === undefined) lines.set(row.transactionId, [lineOfRow(row)]);
      else list.push(lineOfRow(row));
    }
    for (const { write, transaction } of observed.transactions.values()) {
      const { transactionId } = transaction;
      const key = keyOfWrite(write.intent);
      const ids = found.get(key) ?? [];
      found.delete(key);
      if (ids.join() !== transactionId)
        this.journal.addViolation(write, `is booked ${ids.length} times`, ids);
      const stored = (lines.get(transactionId) ?? []).sort().join('\n');
      const answered = transaction.entries.map(lineOfEntry).sort().join('\n');
      if (stored !== answered)
        this.journal.addViolation(write, 'is booked differently from its response', { stored, answered });
    }
    for (const key of found.keys())
      this.#addViolation(`there is a transaction of ${key}, which moved nothing`);
  }

  #checkItems({ itemVersions }: LedgerRows): void {
    const found = new Map(itemVersions.map((row) => [`${row.itemId} ${row.version}`, row]));
    for (const write of this.journal.writes) {
      const item = write.outcome?.type === 'done' ? write.outcome.response.item : undefined;
      if (item === undefined) continue;
      const key = `${item.itemId} ${item.version}`;
      if (found.get(key)?.price !== item.price)
        this.journal.addViolation(write, 'is not in the catalog', found.get(key));
      found.delete(key);
    }
    for (const key of found.keys()) this.#addViolation(`item version ${key} was never put`);
  }

  /** Every balance is the sum of the observed entries. The balances of each asset sum to zero. */
  #checkBalances({ accounts }: LedgerRows, { balances }: ObservedLedger): void {
    const stored = new Map<string, bigint>();
    const worlds = new Map<string, bigint>();
    for (const { userId, asset, balance } of accounts) {
      const key = `${userId} ${asset}`;
      stored.set(key, (stored.get(key) ?? 0n) + balance);
      worlds.set(asset, (worlds.get(asset) ?? 0n) + balance);
    }
    for (const key of new Set([...stored.keys(), ...balances.keys()])) {
      const [has, expected] = [stored.get(key) ?? 0n, balances.get(key) ?? 0n];
      if (has !== expected) this.#addViolation(`${key} has ${has}, but the responses add up to ${expected}`);
    }
    for (const [asset, sum] of worlds) {
      if (sum !== 0n) this.#addViolation(`all accounts of ${asset} sum to ${sum}`);
    }
  }

  /** A read shows a balance that the account had, and never one from before the latest response at that time. */
  #checkReads({ entries }: LedgerRows): void {
    const after = new Map(
      entries.map((row) => [`${row.userId} ${row.asset} ${row.sequence}`, row.balanceAfter]),
    );
    for (const { balance: read, atLeast } of this.journal.reads) {
      const { userId, asset, sequence, balance, held = 0n, available } = read;
      const line = `a read of ${userId} ${asset} showed ${balance} at ${sequence}`;
      const had = sequence === 0n ? 0n : after.get(`${userId} ${asset} ${sequence}`);
      if (had !== balance) this.#addViolation(`${line}, it was ${had ?? 'never there'}`);
      if (sequence < atLeast) this.#addViolation(`${line}, after ${atLeast} had been answered`);
      if (held < 0n || available !== balance - held) {
        this.#addViolation(`${line}, of which ${held} held and ${available} available`);
      }
    }
  }

  /** Each hold is in the state of its last response. Without a response it may have ended only by expiry. */
  #checkHolds(rows: readonly HoldRow[], { holds }: ObservedLedger): void {
    const found = new Map(rows.map((row) => [row.holdId, row]));
    for (const [holdId, observed] of holds) {
      const row = found.get(holdId);
      found.delete(holdId);
      if (row === undefined || !isEndedAs(row, observed)) {
        const { state, capturedAmount } = row ?? {};
        this.#addViolation(
          `hold ${holdId} is ${state} with ${capturedAmount}, against its ${observed.ended.length} final responses`,
        );
      }
    }
    for (const holdId of found.keys()) this.#addViolation(`hold ${holdId} was never placed`);
  }

  /** The settings of each account are those of the last response. */
  async #checkSettings(client: LedgerClient, observed: ObservedLedger): Promise<void> {
    for (const userId of this.users) {
      for await (const account of client.listAccounts({ userId })) {
        const { asset, etag, balance } = account;
        const line = `${userId} ${asset}`;
        const latest = observed.latestSettings(userId, asset);
        const isObserved = latest.some(
          (each) =>
            settingsOf(each ?? UNTOUCHED) ===
            settingsOf({ ...account, etag: each === undefined ? '' : etag }),
        );
        if (!isObserved) this.#addViolation(`${line} has settings ${etag} that no response showed`);
        const expected = observed.balances.get(line) ?? 0n;
        if (balance !== expected)
          this.#addViolation(`${line} reads ${balance}, but the responses add up to ${expected}`);
      }
    }
  }

  /** The ledger's own verification finds nothing, and covers everything. */
  async #verify(client: LedgerClient, { accounts, entries }: LedgerRows): Promise<void> {
    const { report } = await verify(client);
    const seen = `${report.accountsChecked} accounts and ${report.entriesChecked} entries`;
    const all = `${accounts.length} accounts and ${entries.length} entries`;
    if (!report.valid) this.#addViolation(`VerifyLedger: ${namesOf(report).join(', ')}`);
    if (seen !== all) this.#addViolation(`VerifyLedger checked ${seen} of ${all}`);
  }

  #addViolation(violation: string): void {
    this.journal.violations.push(violation);
  }
}

/** The name of the rpc in the request row. */
function methodOf({ $case }: WriteIntent): string {
  return $case.charAt(0).toUpperCase() + $case.slice(1);
}

function isEndedAs({ state, capturedAmount, isDue }: HoldRow, { placed, ended }: ObservedHold): boolean {
  const [end, ...more] = ended;
  if (more.length > 0) return false;
  if (end !== undefined) {
    const { expireTime } = placed;
    const isInTime = expireTime === undefined || epochMicrosOf(end.updateTime) < epochMicrosOf(expireTime);
    return isInTime && state === end.state && BigInt(capturedAmount) === end.capturedAmount;
  }
  return capturedAmount === '0' && (state === HoldState.OPEN || (state === HoldState.EXPIRED && isDue));
}

function settingsOf({ minBalance, frozen, metadata, etag }: Settings): string {
  return [minBalance, frozen, JSON.stringify([...metadata].sort()), etag].join(' ');
}

/** The time at which each request was decided. */
async function readRequestTimes(database: Queryable): Promise<Map<string, string>> {
  const rows = await readEach<{ key: string; time: string }>(
    database,
    (schema) =>
      `SELECT user_id || ' ' || request_id AS key, create_time::text AS time FROM ${schema}.requests`,
  );
  return new Map(rows.map(({ key, time }) => [key, time]));
}

function readHolds(database: Queryable): Promise<HoldRow[]> {
  return readEach<HoldRow>(
    database,
    (schema) =>
      `SELECT hold_id AS "holdId", state, captured_amount::text AS "capturedAmount",
              coalesce(expire_time <= clock_timestamp(), false) AS "isDue"
         FROM ${schema}.holds`,
  );
}

/** The rows of all cells. */
async function readEach<Row extends object>(
  database: Queryable,
  sqlOf: (schema: string) => string,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const schema of await cellSchemas(database)) rows.push(...(await database.query<Row>(sqlOf(schema))));
  return rows;
}
