import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import type { DataSource } from 'typeorm';
import type { CallResult } from '@ledger/kit/rpc/call-result';
import type { PurchaseCommand } from '../../../services/ledger/src/ledger/writes/purchase';
import type { BalanceView } from '../../../services/ledger/src/ledger/outcome';
import { openDesignDatabase } from './design-database';
import { UnsupportedByDesign, type Design } from './design';
import { purchaseResult } from './purchase-result';
import { SUM_SCHEMA } from './sum-schema';

/**
 * A design without stored balances: a balance is the sum of its entries. Each purchase takes an advisory lock on its
 * user, sums the entries, and inserts a debit when the sum suffices. Each read of a balance sums again.
 */
export async function openSum(url: string, poolSize: number): Promise<Design> {
  const source = await openDesignDatabase(url, 'sum', poolSize);
  return {
    submit: (command) => {
      if (command.kind !== 'Purchase') throw new UnsupportedByDesign(command.kind);
      return purchase(source, command);
    },
    read: (key) => balance(source, key),
  };
}

const LOCK = 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))';
const SUM = `
  SELECT coalesce(sum(amount_in_cents), 0)::bigint AS balance, count(*) AS entries
    FROM ${SUM_SCHEMA}.ledger WHERE user_id = $1`;
const INSERT = `
  INSERT INTO ${SUM_SCHEMA}.ledger (id, user_id, type, amount_in_cents, item_id) VALUES ($1, $2, 'DEBIT', $3, $4)`;

interface Sum {
  readonly balance: string;
  readonly entries: string;
}

async function purchase(source: DataSource, command: PurchaseCommand): Promise<CallResult> {
  if (command.subject.by !== 'price') throw new UnsupportedByDesign('a purchase by item');
  const { userId } = command;
  const { asset, amount, itemId } = command.subject;
  const runner = source.createQueryRunner();
  try {
    await runner.startTransaction();
    const client = (await runner.connect()) as Client;
    await client.query({ name: 'lock', text: LOCK, values: [userId] });
    const { rows } = await client.query<Sum>({ name: 'sum', text: SUM, values: [userId] });
    const before = BigInt(rows[0]?.balance ?? 0);
    if (before < amount) throw new UnsupportedByDesign('a refusal');
    const transactionId = randomUUID();
    await client.query({ name: 'insert', text: INSERT, values: [transactionId, userId, -amount, itemId] });
    await runner.commitTransaction();
    const sequence = BigInt(rows[0]?.entries ?? 0) + 1n;
    return purchaseResult(command, {
      ...{ transactionId, createTime: BigInt(Date.now()) * 1_000n, amount, asset, sequence },
      balance: before - amount,
      debits: amount,
      revenue: { stripe: 0, sequence, balance: amount },
      hash: Buffer.alloc(32),
    });
  } catch (error) {
    if (runner.isTransactionActive) await runner.rollbackTransaction();
    throw error;
  } finally {
    await runner.release();
  }
}

async function balance(
  source: DataSource,
  { userId, asset }: { readonly userId: string; readonly asset: string },
): Promise<BalanceView | null> {
  const runner = source.createQueryRunner();
  try {
    const client = (await runner.connect()) as Client;
    const { rows } = await client.query<Sum>({ name: 'sum', text: SUM, values: [userId] });
    const [row] = rows;
    if (row === undefined) return null;
    const { balance: sum, entries } = row;
    return { userId, asset, balance: BigInt(sum), held: 0n, sequence: BigInt(entries), lastEntryTime: 0n };
  } finally {
    await runner.release();
  }
}
