import type { Client } from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import type { CallResult } from '@ledger/kit/rpc/call-result';
import type { PurchaseCommand } from '../../../services/ledger/src/ledger/writes/purchase';
import { contentHash } from '../../../services/ledger/dist/ledger/content-hash';
import { PER_REQUEST_SCHEMA } from './copied-schema';
import { openDesignDatabase } from './design-database';
import { UnsupportedByDesign, type Design } from './design';
import { newTransactionId } from './new-transaction-id';
import { purchaseResult } from './purchase-result';

const SCHEMA = PER_REQUEST_SCHEMA;

/**
 * The plain design, tuned fairly: one QueryRunner transaction per call with a lock on the account row, prepared
 * statements, one stripe of the revenue account per connection, so that no call waits for it, and the best pool size.
 * It writes the same rows as the ledger. It has two advantages: it does not update the row of the revenue account, and
 * it does not compute hashes.
 */
export async function openPerRequest(url: string, poolSize: number): Promise<Design> {
  const source = await openDesignDatabase(url, 'per-request', poolSize);
  const revenue = new RevenueStripes(poolSize * STRIPES_PER_SERVER);
  return {
    submit: (command) => {
      if (command.kind !== 'Purchase') throw new UnsupportedByDesign(command.kind);
      return purchase(source, revenue, command);
    },
    read: () => Promise.reject(new UnsupportedByDesign('a balance')),
  };
}

async function purchase(
  source: DataSource,
  revenue: RevenueStripes,
  command: PurchaseCommand,
): Promise<CallResult> {
  const runner = source.createQueryRunner();
  try {
    await runner.startTransaction();
    const answer = await book(runner, revenue, command);
    await runner.commitTransaction();
    return answer;
  } catch (error) {
    if (runner.isTransactionActive) await runner.rollbackTransaction();
    throw error;
  } finally {
    await runner.release();
  }
}

const KNOWN = `SELECT content_hash, outcome FROM ${SCHEMA}.requests WHERE user_id = $1 AND request_id = $2`;
const LOCK = `
  SELECT sequence, balance - held AS available, balance, debits,
         (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now
    FROM ${SCHEMA}.accounts WHERE user_id = $1 AND asset = $2 AND stripe = 0 FOR UPDATE`;
const INSERT_REQUEST = `
  INSERT INTO ${SCHEMA}.requests
    (user_id, request_id, method, caller, content_hash, content_hash_version, code, reason, outcome, transaction_id,
     create_time, kind, description, reference, metadata, entry_keys, digest, hash_version, commit_order)
  VALUES ($1, $2, 'Purchase', '', $3, 1, 0, '', $4, $5, to_timestamp($6::float8 / 1000000), 2, '', '', '{}', $7, $8, 1,
          pg_current_xact_id()::text::bigint)`;
const INSERT_ENTRIES = `
  INSERT INTO ${SCHEMA}.entries
    (user_id, asset, stripe, sequence, transaction_id, kind, change, balance_after, debits_after, create_time, hash)
  VALUES ($1, $3, 0, $4, $5, 2, -$6::bigint, $7, $13, to_timestamp($8::float8 / 1000000), $9),
         ($2, $3, $10, $11, $5, 2, $6::bigint, $12, 0, to_timestamp($8::float8 / 1000000), $9)`;
const UPDATE_ACCOUNT = `
  UPDATE ${SCHEMA}.accounts
     SET sequence = $3, balance = $4, debits = $7, last_hash = $5, last_entry_time = to_timestamp($6::float8 / 1000000),
         commit_order = pg_current_xact_id()::text::bigint
   WHERE user_id = $1 AND asset = $2 AND stripe = 0`;
const LAST_OF_STRIPE = `
  SELECT coalesce(max(sequence), 0) AS sequence FROM ${SCHEMA}.entries
   WHERE user_id = $1 AND asset = $2 AND stripe = $3`;

const HASH = Buffer.alloc(32, 7);

async function book(
  runner: QueryRunner,
  stripes: RevenueStripes,
  command: PurchaseCommand,
): Promise<CallResult> {
  if (command.subject.by !== 'price') throw new UnsupportedByDesign('a purchase by item');
  const client = (await runner.connect()) as Client;
  const { userId, requestId, destination } = command;
  const { asset, amount } = command.subject;
  const hash = contentHash(command);
  const known = await run<{ content_hash: Buffer }>(client, 'known', KNOWN, [userId, requestId]);
  if (known.length > 0) throw new UnsupportedByDesign('a repeat');
  const [account] = await run<{
    sequence: string;
    available: string;
    balance: string;
    debits: string;
    now: string;
  }>(client, 'lock', LOCK, [userId, asset]);
  if (account === undefined || BigInt(account.available) < amount) throw new UnsupportedByDesign('a refusal');
  const { now } = account;
  const sequence = BigInt(account.sequence) + 1n;
  const balance = BigInt(account.balance) - amount;
  const debits = BigInt(account.debits) + amount;
  const revenue = await stripes.next(client, destination, asset);
  const booked = {
    transactionId: newTransactionId(BigInt(now)),
    createTime: BigInt(now),
    ...{ amount, asset, sequence, balance, debits, revenue, hash: HASH },
  };
  const { transactionId } = booked;
  const answer = purchaseResult(command, booked);
  const keys = JSON.stringify([
    [userId, asset, 0, sequence.toString()],
    [destination, asset, revenue.stripe, revenue.sequence.toString()],
  ]);
  await run(client, 'request', INSERT_REQUEST, [
    ...[userId, requestId, hash, answer.bytes, transactionId, now],
    ...[keys, HASH],
  ]);
  await run(client, 'entries', INSERT_ENTRIES, [
    ...[userId, destination, asset, sequence, transactionId, amount, balance, now, HASH],
    ...[revenue.stripe, revenue.sequence, revenue.balance, debits],
  ]);
  await run(client, 'account', UPDATE_ACCOUNT, [userId, asset, sequence, balance, HASH, now, debits]);
  return answer;
}

async function run<Row>(client: Client, name: string, text: string, values: unknown[]): Promise<Row[]> {
  const { rows } = await client.query({ name, text, values });
  return rows as Row[];
}

interface Stripe {
  readonly stripe: number;
  sequence: bigint;
  balance: bigint;
}

/** Each server has its own range of stripes by its pool size. All are beyond those of the ledger. */
const STRIPES_PER_SERVER = 100;

/** The revenue account, with one stripe per connection that no other connection uses. */
class RevenueStripes {
  private readonly stripes = new WeakMap<Client, Stripe>();
  private used = 0;

  constructor(private readonly first: number) {}

  /** The next entry of the connection's own stripe. A rollback would leave a gap, but nothing is rolled back here. */
  async next(client: Client, userId: string, asset: string): Promise<Stripe> {
    let own = this.stripes.get(client);
    if (own === undefined) {
      const stripe = this.first + this.used;
      this.used += 1;
      const [last] = await run<{ sequence: string }>(client, 'stripe', LAST_OF_STRIPE, [
        ...[userId, asset, stripe],
      ]);
      const sequence = BigInt(last?.sequence ?? 0);
      this.stripes.set(client, (own = { stripe, sequence, balance: sequence }));
    }
    own.sequence += 1n;
    own.balance += 1n;
    return own;
  }
}
