import { randomBytes } from 'node:crypto';
import type { QueryRunner } from 'typeorm';
import { blankAccount, type Account } from '../ledger/account';
import type { Command } from '../ledger/command';
import { decide } from '../ledger/decide';
import type { Outcome } from '../ledger/outcome';
import { ID_RANDOM_BYTES, transactionIdAt } from '../ledger/transaction-id';
import { WorkingSet } from '../ledger/working-set';
import { findDueHolds, findHolds } from '../store/statements/find-holds';
import { findRequests, type FinishedRequest } from '../store/statements/find-requests';
import { findSettings } from '../store/statements/find-settings';
import { insertAccounts } from '../store/statements/insert-accounts';
import { insertEntries } from '../store/statements/insert-entries';
import { insertItems } from '../store/statements/insert-items';
import { insertRequests, type RequestRow } from '../store/statements/insert-requests';
import { insertTransactions } from '../store/statements/insert-transactions';
import { lockAccounts } from '../store/statements/lock-accounts';
import { sumReversals } from '../store/statements/sum-reversals';
import { updateAccounts } from '../store/statements/update-accounts';
import { updateSettings } from '../store/statements/update-settings';
import { insertHolds, updateHolds } from '../store/statements/write-holds';
import { PipelinedTransaction } from '../store/pg/pipelined-transaction';
import { violatedKey } from '@ledger/kit/postgres/sql-state';
import type { Connection } from '../store/pg/connection';
import type { Answer, EncodedOutcome, OutcomeEncoder } from './answer';
import { accountKeys, compareText, holdKeys, readPrerequisites, settingsKeys } from './lock-keys';

/** A command with the hash of its content. */
export interface Write {
  readonly command: Command;
  readonly contentHash: Buffer;
}

/** The request that an atomic batch as a whole is. */
export interface Envelope {
  readonly scope: string;
  readonly requestId: string;
  readonly contentHash: Buffer;
}

/** What a batch needs to know beside its writes. */
export interface BatchSettings {
  /** Which stripe of system accounts it uses. */
  readonly stripe: number;
  readonly priceGraceMicros: bigint;
  readonly encoder: OutcomeEncoder;
}

/** Another lane or server was first with a row that this batch wanted to insert: run it again, it then finds it. */
export class LostRace extends Error {
  override readonly name = 'LostRace';
}

/**
 * Carries a batch of writes out in one database transaction, from BEGIN to COMMIT, and answers them in their
 * order. Returns only when everything is on disk.
 *
 * @throws LostRace, CommitUnknown, or an error of the database; nothing is booked but perhaps after CommitUnknown
 */
export function runBatchTransaction(
  runner: QueryRunner,
  writes: readonly Write[],
  settings: BatchSettings,
): Promise<Answer[]> {
  return PipelinedTransaction.run(runner, async (transaction) => {
    const { set, finished } = await lockAndRead(transaction, writes, [], settings);
    const judged = judge(set, writes, finished, settings.encoder);
    await commit(transaction, set, judged.rows);
    return judged.answers;
  });
}

/**
 * Carries an atomic batch out: all writes or none, under the request id of their envelope. A failure is kept for the
 * envelope alone, so its writes are not burnt; a success finishes all of them. Writes that were booked before count
 * as done.
 *
 * @throws as runBatchTransaction
 */
export function runAtomicBatch(
  runner: QueryRunner,
  envelope: Envelope,
  writes: readonly Write[],
  settings: BatchSettings,
): Promise<Answer> {
  return PipelinedTransaction.run(runner, async (transaction) => {
    const { encoder } = settings;
    const { set, finished } = await lockAndRead(transaction, writes, [envelope], settings);
    const batchSize = writes.length;
    const first = finished.find(
      (each) => each.scope === envelope.scope && each.requestId === envelope.requestId,
    );
    if (first !== undefined) {
      await commit(transaction, set, []);
      if (!first.contentHash.equals(envelope.contentHash)) {
        return { ...encoder.encodeReused(envelope), replayed: false, batchSize };
      }
      return { code: first.code, reason: first.reason, bytes: first.outcome, replayed: true, batchSize };
    }
    const { answers, rows } = judge(set, writes, finished, encoder);
    const failed = answers.findIndex((answer) => answer.code !== 0);
    const failure = answers[failed];
    if (failure !== undefined) {
      const encoded = encoder.encodeBatchFailure(failed, failure);
      // What was decided on the accounts is left behind with the set: the envelope's failure is all that is kept.
      await commitRows(transaction, (connection) =>
        insertRequests(connection, [envelopeRow(envelope, encoded)], set.context.now),
      );
      return { ...encoded, replayed: false, batchSize };
    }
    const commands = writes.map((write) => write.command);
    const encoded = encoder.encodeBatch(commands, answers);
    await commit(transaction, set, [...rows, envelopeRow(envelope, encoded)]);
    return { ...encoded, replayed: false, batchSize };
  });
}

function envelopeRow(envelope: Envelope, encoded: EncodedOutcome): RequestRow {
  return {
    ...envelope,
    method: 'BatchWrite',
    code: encoded.code,
    reason: encoded.reason,
    outcome: encoded.bytes,
    transactionId: null,
  };
}

/**
 * Locks first, in key order. Everything else comes in later statements, whose snapshots are taken after any wait for
 * a lock: what another server committed meanwhile is seen. Statements that need nothing of each other are sent
 * together; the connection runs them in the order in which they stand here.
 */
async function lockAndRead(
  transaction: PipelinedTransaction,
  writes: readonly Write[],
  envelopes: readonly Envelope[],
  settings: BatchSettings,
): Promise<{ set: WorkingSet; finished: readonly FinishedRequest[] }> {
  const commands = writes.map((write) => write.command);
  const prerequisites = await readPrerequisites(transaction, commands);
  const keys = accountKeys(commands, prerequisites, settings.stripe);
  const wantedHolds = prerequisites.holds.length > 0 ? holdKeys(commands) : [];
  const wantedSettings = settingsKeys(commands);
  const { originals } = prerequisites;
  const [accounts, moment, holds, changedSettings, reversed] = await transaction.send((connection) =>
    Promise.all([
      lockAccounts(connection, keys),
      findRequests(connection, [...commands, ...envelopes]),
      wantedHolds.length > 0 ? findHolds(connection, wantedHolds) : [],
      wantedSettings.length > 0 ? findSettings(connection, wantedSettings) : [],
      originals.length > 0 ? sumReversals(connection, originals) : new Map<string, bigint>(),
    ]),
  );
  const { now, commitOrder, finished } = moment;
  const set = new WorkingSet({
    now,
    commitOrder,
    stripe: settings.stripe,
    priceGraceMicros: settings.priceGraceMicros,
    newId: newIds(commands.length),
  });
  for (const key of keys) set.load(blankAccount(key));
  for (const account of accounts) set.load(account);
  for (const item of prerequisites.items) set.loadItem(item);
  for (const { userId, asset, settings: stored, createTime } of changedSettings) {
    Object.assign(set.account(userId, asset), { settings: stored, createTime });
  }
  for (const original of originals) set.loadOriginal(original, reversed.get(original.transactionId) ?? 0n);
  await settleDueHolds(transaction, set, accounts);
  for (const hold of holds) set.loadHold(hold);
  return { set, finished };
}

/** Frees what has expired on the locked accounts, before anything is decided on them. Rare: an account knows when. */
async function settleDueHolds(
  transaction: PipelinedTransaction,
  set: WorkingSet,
  accounts: readonly Account[],
): Promise<void> {
  const { now } = set.context;
  const due = accounts.filter(({ nextHoldExpiry }) => nextHoldExpiry !== null && nextHoldExpiry <= now);
  if (due.length === 0) return;
  const { holds, nextExpiries } = await transaction.send((connection) => findDueHolds(connection, due, now));
  for (const account of due) {
    account.nextHoldExpiry = null;
    account.changed = true;
  }
  for (const { userId, asset, expireTime } of nextExpiries) {
    set.account(userId, asset).nextHoldExpiry = expireTime;
  }
  for (const hold of holds) set.loadHold(hold);
}

interface Judged {
  readonly answers: Answer[];
  /** The requests that were not known before. */
  readonly rows: RequestRow[];
}

/** What is known of a request, from the database or from earlier in the batch. */
type Known = Pick<FinishedRequest, 'contentHash' | 'code' | 'reason' | 'outcome'>;

/**
 * Answers known requests from their stored bytes and decides the others, one by one, in order of arrival. Objects are
 * spelt out here and wherever every write comes by: to spread one into another takes a microsecond.
 */
function judge(
  set: WorkingSet,
  writes: readonly Write[],
  finished: readonly FinishedRequest[],
  encoder: OutcomeEncoder,
): Judged {
  const known = new Map<string, Known>();
  for (const request of finished) known.set(requestKey(request.scope, request.requestId), request);
  const rows: RequestRow[] = [];
  const batchSize = writes.length;
  const answers = writes.map(({ command, contentHash }): Answer => {
    const key = requestKey(command.scope, command.requestId);
    const first = known.get(key);
    if (first !== undefined) {
      return first.contentHash.equals(contentHash)
        ? { code: first.code, reason: first.reason, bytes: first.outcome, replayed: true, batchSize }
        : { ...encoder.encodeReused(command), replayed: false, batchSize };
    }
    const outcome = decide(set, command);
    const { code, reason, bytes } = encoder.encode(command, outcome);
    const row: RequestRow = {
      scope: command.scope,
      requestId: command.requestId,
      method: command.kind,
      contentHash,
      code,
      reason,
      outcome: bytes,
      transactionId: bookedTransactionId(outcome),
    };
    known.set(key, row);
    rows.push(row);
    return { code, reason, bytes, replayed: false, batchSize };
  });
  return { answers, rows };
}

function bookedTransactionId(outcome: Outcome): string | null {
  if (outcome.type !== 'posted' && outcome.type !== 'hold') return null;
  return outcome.transaction?.transactionId ?? null;
}

/** Writes what was decided, each row once with one statement per table, and commits. */
function commit(transaction: PipelinedTransaction, set: WorkingSet, requests: RequestRow[]): Promise<void> {
  requests.sort((a, b) => compareText(a.scope, b.scope) || compareText(a.requestId, b.requestId));
  return commitRows(transaction, (connection) =>
    requests.length === 0 ? Promise.resolve() : writeAll(connection, set, requests),
  );
}

/** Where the primary key of a row that nobody has locked says that another batch was first with it. */
const RACED: readonly string[] = ['requests_pkey', 'accounts_pkey', 'item_versions_pkey'];

async function commitRows(
  transaction: PipelinedTransaction,
  write: (connection: Connection) => Promise<unknown>,
): Promise<void> {
  try {
    await transaction.commit(write);
  } catch (error) {
    const key = violatedKey(error);
    if (key === null || !RACED.includes(key)) throw error;
    throw new LostRace(`another batch was first: ${key}`, { cause: error });
  }
}

/**
 * Those that may lose a race come first: the other server's first entry on a new account is in the way of this
 * one's, and the first statement that fails tells why.
 */
function writeAll(
  connection: Connection,
  set: WorkingSet,
  requests: readonly RequestRow[],
): Promise<unknown> {
  // In key order still: accountKeys sorted them, and a Map keeps its order.
  const changed = set.changedAccounts();
  const fresh = changed.filter((account) => account.place === null);
  const stored = changed.filter((account) => account.place !== null);
  const moved = stored.filter((account) => account.changed);
  const reset = stored.filter((account) => account.settingsChanged);
  const items = [...set.newItems].sort((a, b) => compareText(a.itemId, b.itemId));
  const { transactions, reversals, context } = set;
  const { inserted, updated } = set.writtenHolds();
  return Promise.all([
    insertRequests(connection, requests, context.now),
    fresh.length > 0 && insertAccounts(connection, fresh, context.now),
    items.length > 0 && insertItems(connection, items),
    transactions.length > 0 && insertTransactions(connection, transactions, reversals),
    transactions.length > 0 && insertEntries(connection, transactions),
    moved.length > 0 && updateAccounts(connection, moved),
    reset.length > 0 && updateSettings(connection, reset),
    inserted.length > 0 && insertHolds(connection, inserted),
    updated.length > 0 && updateHolds(connection, updated),
  ]);
}

/** Ids for as many transactions or holds as there are commands. */
function newIds(count: number): (timeMicros: bigint) => string {
  const random = randomBytes(count * ID_RANDOM_BYTES).toString('hex');
  const digits = 2 * ID_RANDOM_BYTES;
  let next = 0;
  return (timeMicros) => {
    const id = transactionIdAt(timeMicros, next, random.slice(next * digits, (next + 1) * digits));
    next += 1;
    return id;
  };
}

function requestKey(scope: string, requestId: string): string {
  return `${scope}\0${requestId}`;
}
