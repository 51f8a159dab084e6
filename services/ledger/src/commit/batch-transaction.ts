import { randomBytes } from 'node:crypto';
import type { QueryRunner } from 'typeorm';
import { blankAccount } from '../ledger/account';
import type { Command } from '../ledger/command';
import { decide } from '../ledger/decide';
import { ID_RANDOM_BYTES, transactionIdAt } from '../ledger/transaction-id';
import { WorkingSet } from '../ledger/working-set';
import { findItems } from '../store/statements/find-items';
import { findRequests } from '../store/statements/find-requests';
import { insertAccounts } from '../store/statements/insert-accounts';
import { insertEntries } from '../store/statements/insert-entries';
import { insertItems } from '../store/statements/insert-items';
import { insertRequests, type RequestRow } from '../store/statements/insert-requests';
import { insertTransactions } from '../store/statements/insert-transactions';
import { lockAccounts } from '../store/statements/lock-accounts';
import { readClock } from '../store/statements/read-clock';
import { updateAccounts } from '../store/statements/update-accounts';
import type { Connection } from '../store/connection';
import { connectionOf } from '../store/store';
import { accountKeys, compareText, itemKeys } from './account-keys';
import type { Answer, EncodedOutcome, OutcomeEncoder } from './answer';

/** A command with the hash of its content. */
export interface Write {
  readonly command: Command;
  readonly contentHash: Buffer;
}

/** What a batch needs to know beside its writes. */
export interface BatchSettings {
  /** Which stripe of system accounts it uses. */
  readonly stripe: number;
  readonly priceGraceMicros: bigint;
  readonly encoder: OutcomeEncoder;
}

/** Another server was first with a row that this batch wanted to insert: run it again, it then finds that row. */
export class LostRace extends Error {
  override readonly name = 'LostRace';
}

/** COMMIT was sent and its answer did not come: the batch may be on disk or not. */
export class CommitUnknown extends Error {
  override readonly name = 'CommitUnknown';
}

/**
 * Carries a batch of writes out in one database transaction, from BEGIN to COMMIT, and answers them in their
 * order. Returns only when everything is on disk. Statements that need nothing of each other are sent together;
 * the connection runs them in the order in which they stand here.
 *
 * @throws LostRace, CommitUnknown, or an error of the database; nothing is booked but perhaps after CommitUnknown
 */
export async function runBatchTransaction(
  runner: QueryRunner,
  writes: readonly Write[],
  settings: BatchSettings,
): Promise<Answer[]> {
  await runner.startTransaction();
  let answers: Answer[];
  try {
    const connection = await connectionOf(runner);
    const commands = writes.map((write) => write.command);

    // The read of an item is the moment of its sale; it also tells which accounts are concerned.
    const wantedItems = itemKeys(commands);
    const items = wantedItems.length > 0 ? await findItems(connection, wantedItems) : [];

    // Locks first, in key order. Requests and clock come in later statements, whose snapshots are taken after any
    // wait for a lock: what another server committed meanwhile is seen.
    const keys = accountKeys(commands, items, settings.stripe);
    const [accounts, finished, clock] = await Promise.all([
      lockAccounts(connection, keys),
      findRequests(connection, commands),
      readClock(connection),
    ]);

    const set = new WorkingSet({
      ...clock,
      stripe: settings.stripe,
      priceGraceMicros: settings.priceGraceMicros,
      newTransactionId: transactionIds(writes.length),
    });
    for (const key of keys) set.load(blankAccount(key));
    for (const account of accounts) set.load(account);
    for (const item of items) set.loadItem(item);

    const judged = judge(set, writes, finished, settings.encoder);
    await writeAll(connection, set, judged.rows);
    answers = judged.answers;
  } catch (error) {
    await rollBack(runner);
    throw error;
  }
  try {
    await runner.commitTransaction();
  } catch (error) {
    throw new CommitUnknown('the answer to COMMIT did not come', { cause: error });
  }
  return answers;
}

interface Judged {
  readonly answers: Answer[];
  /** The requests that were not known before. */
  readonly rows: RequestRow[];
}

/** What is known of a request, from the database or from earlier in the batch. */
type Known = EncodedOutcome & { readonly contentHash: Buffer };

/** Answers known requests from their stored bytes and decides the others, one by one, in order of arrival. */
function judge(
  set: WorkingSet,
  writes: readonly Write[],
  finished: Awaited<ReturnType<typeof findRequests>>,
  encoder: OutcomeEncoder,
): Judged {
  const known = new Map<string, Known>();
  for (const { scope, requestId, contentHash, code, reason, outcome } of finished) {
    known.set(requestKey(scope, requestId), { contentHash, code, reason, bytes: outcome });
  }
  const rows: RequestRow[] = [];
  const batchSize = writes.length;
  const answers = writes.map(({ command, contentHash }): Answer => {
    const key = requestKey(command.scope, command.requestId);
    const first = known.get(key);
    if (first !== undefined) {
      return first.contentHash.equals(contentHash)
        ? { code: first.code, reason: first.reason, bytes: first.bytes, replayed: true, batchSize }
        : { ...encoder.encodeReused(command), replayed: false, batchSize };
    }
    const outcome = decide(set, command);
    const encoded = encoder.encode(command, outcome);
    known.set(key, { ...encoded, contentHash });
    rows.push({
      scope: command.scope,
      requestId: command.requestId,
      method: command.kind,
      contentHash,
      code: encoded.code,
      reason: encoded.reason,
      outcome: encoded.bytes,
      transactionId: outcome.type === 'posted' ? outcome.transaction.transactionId : null,
    });
    return { ...encoded, replayed: false, batchSize };
  });
  return { answers, rows };
}

/** Writes what was decided: each row once, with one statement per table, those that may lose a race first. */
async function writeAll(connection: Connection, set: WorkingSet, requests: RequestRow[]): Promise<void> {
  if (requests.length === 0) return;
  requests.sort((a, b) => compareText(a.scope, b.scope) || compareText(a.requestId, b.requestId));
  // In key order still: accountKeys sorted them, and a Map keeps its order.
  const changed = set.changedAccounts();
  const fresh = changed.filter((account) => !account.stored);
  const stored = changed.filter((account) => account.stored);
  const items = [...set.newItems].sort((a, b) => compareText(a.itemId, b.itemId));
  const { transactions } = set;
  const entries = transactions.reduce((sum, transaction) => sum + transaction.entries.length, 0);
  const { now } = set.context;

  const raced = Promise.all([
    insertRequests(connection, requests, now),
    fresh.length > 0 ? insertAccounts(connection, fresh, now) : 0,
    items.length > 0 ? insertItems(connection, items) : 0,
  ]);
  const rest = Promise.all([
    transactions.length > 0 ? insertTransactions(connection, transactions) : 0,
    transactions.length > 0 ? insertEntries(connection, transactions) : 0,
    stored.length > 0 ? updateAccounts(connection, stored) : 0,
  ]);
  // A lost race comes before what follows from it: the other server's first entry is in the way of this one's.
  rest.catch(() => undefined);
  const inserted = await raced;
  if (inserted[0] < requests.length) throw new LostRace('a request was finished by another server');
  if (inserted[1] < fresh.length) throw new LostRace('an account was made by another server');
  if (inserted[2] < items.length) throw new LostRace('an item version was made by another server');
  const updated = await rest;
  const expected = [transactions.length, entries, stored.length];
  if (updated.some((count, index) => count !== expected[index])) {
    throw new RangeError(`wrote ${updated.join(', ')} rows where ${expected.join(', ')} were meant`);
  }
}

async function rollBack(runner: QueryRunner): Promise<void> {
  // A connection that cannot even roll back is broken; the server rolls back by itself when it goes.
  if (runner.isTransactionActive && !runner.isReleased)
    await runner.rollbackTransaction().catch(() => undefined);
}

function transactionIds(count: number): (timeMicros: bigint) => string {
  const random = randomBytes(count * ID_RANDOM_BYTES);
  let next = 0;
  return (timeMicros) => {
    const id = transactionIdAt(timeMicros, next, random.subarray(next * ID_RANDOM_BYTES));
    next += 1;
    return id;
  };
}

function requestKey(scope: string, requestId: string): string {
  return `${scope}\0${requestId}`;
}
