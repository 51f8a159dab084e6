import { performance } from 'node:perf_hooks';
import type { Client } from 'pg';
import { percentiles } from '../load/load-run';
import type { LoadResult } from '../load/load-spec';
import { seeded } from '../random';
import { ASSET, userOf } from '../users';
import { newTransactionId } from './new-transaction-id';
import { RAW_SCHEMA, type RawSpec } from './raw-spec';

const INSERT_REQUESTS = `
  INSERT INTO ${RAW_SCHEMA}.requests
    (user_id, request_id, method, caller, content_hash, content_hash_version, code, reason, outcome, transaction_id,
     create_time, kind, description, reference, metadata, entry_keys, digest, hash_version, commit_order)
  SELECT user_id, request_id, 'Purchase', '', $5, 1, 0, '', $6, transaction_id, now(), 2, '', '', '{}', entry_keys, $5,
         1, pg_current_xact_id()::text::bigint
    FROM unnest($1::text[], $2::text[], $3::uuid[], $4::json[]) AS k (user_id, request_id, transaction_id, entry_keys)`;
const INSERT_ENTRIES = `
  INSERT INTO ${RAW_SCHEMA}.entries
    (user_id, asset, stripe, sequence, transaction_id, kind, change, balance_after, debits_after, create_time, hash)
  SELECT user_id, $8, stripe, sequence, transaction_id, 2, change, balance_after, debits_after, now(), $9
    FROM unnest($1::text[], $2::int[], $3::bigint[], $4::uuid[], $5::bigint[], $6::numeric[], $7::numeric[])
      AS k (user_id, stripe, sequence, transaction_id, change, balance_after, debits_after)`;
const UPDATE_ACCOUNTS = `
  UPDATE ${RAW_SCHEMA}.accounts a
     SET sequence = k.sequence, balance = k.balance, debits = k.debits, last_hash = $6, last_entry_time = now(),
         commit_order = pg_current_xact_id()::text::bigint
    FROM unnest($1::text[], $2::bigint[], $3::numeric[], $4::numeric[]) AS k (user_id, sequence, balance, debits)
   WHERE a.user_id = k.user_id AND a.asset = $5 AND a.stripe = 0`;
const READ_ACCOUNTS = `
  SELECT sequence, balance, debits FROM ${RAW_SCHEMA}.accounts
   WHERE asset = $1 AND stripe = 0 AND user_id >= $2 AND user_id < $3 ORDER BY user_id`;
const LAST_OF_STRIPE = `
  SELECT coalesce(max(sequence), 0) AS sequence FROM ${RAW_SCHEMA}.entries
   WHERE user_id = '@revenue' AND asset = $1 AND stripe = $2`;
/** Beyond the stripes of the function calls. */
const FIRST_STRIPE = 1_000;
const HASH = Buffer.alloc(32, 7);

/** The users of one client. No other client writes them, so this one knows what to insert without reading. */
interface Part {
  readonly client: Client;
  readonly stripe: number;
  revenueSequence: number;
  inserted: number;
  readonly users: { readonly id: string; sequence: number; balance: number; debits: number }[];
}

/**
 * Writes the same rows by bulk inserts, and the balances by one update: what Postgres can do when nothing has to be
 * looked up or decided. Each client has its own part of the users.
 */
export async function rawBulkWork(
  spec: RawSpec,
  clients: readonly Client[],
): Promise<() => Promise<Omit<LoadResult, 'cpuSeconds'>>> {
  const size = Math.floor(spec.users / clients.length);
  const parts = await Promise.all(
    clients.map((client, index) => readPart(client, index, index * size, (index + 1) * size)),
  );
  return async () => {
    const started = performance.now();
    const end = started + spec.seconds * 1_000;
    const latencies: number[] = [];
    await Promise.all(
      parts.map(async (part, index) => {
        const random = seeded(spec.seed + index);
        for (let now = performance.now(); now < end;) {
          await insertBatch(part, spec, random);
          const answered = performance.now();
          latencies.push(answered - now);
          now = answered;
        }
      }),
    );
    const latencyMs = percentiles(Float64Array.from(latencies));
    const operations = parts.reduce((sum, part) => sum + part.inserted, 0);
    return {
      seconds: (performance.now() - started) / 1_000,
      ...{
        calls: latencies.length,
        operations,
        writes: operations,
        failures: 0,
        firstFailure: '',
        missed: 0,
      },
      ...{ latencyMs, groups: [latencyMs] },
    };
  };
}

async function readPart(client: Client, index: number, from: number, to: number): Promise<Part> {
  const stripe = FIRST_STRIPE + index;
  const last = await client.query<{ sequence: string }>(LAST_OF_STRIPE, [ASSET, stripe]);
  const { rows } = await client.query<{ sequence: string; balance: string; debits: string }>(READ_ACCOUNTS, [
    ...[ASSET, userOf(from), userOf(to)],
  ]);
  if (rows.length !== to - from) throw new Error(`${rows.length} accounts instead of ${to - from}`);
  const users = rows.map((row, offset) => ({
    ...{ id: userOf(from + offset), sequence: Number(row.sequence), balance: Number(row.balance) },
    debits: Number(row.debits),
  }));
  return { client, stripe, revenueSequence: Number(last.rows[0]?.sequence ?? 0), inserted: 0, users };
}

async function insertBatch(part: Part, spec: RawSpec, random: () => number): Promise<void> {
  const size = spec.bulk ?? 1;
  const run = `${spec.run.toString(16).padStart(8, '0')}-d9cb-469f-${part.stripe.toString(16).padStart(4, '0')}`;
  const ids: string[] = [];
  const requests: string[] = [];
  const transactions: string[] = [];
  const keys: string[] = [];
  const lines: [
    ...[user: string, stripe: number, sequence: number, id: string],
    ...[change: number, after: number, debits: number],
  ][] = [];
  const touched = new Map<string, { sequence: number; balance: number; debits: number }>();
  for (let n = 0; n < size; n += 1) {
    const user = part.users[Math.floor(random() * part.users.length)];
    if (user === undefined) throw new RangeError('a part without users');
    user.sequence += 1;
    user.balance -= 1;
    user.debits += 1;
    part.revenueSequence += 1;
    const id = newTransactionId(BigInt(Date.now()) * 1_000n, n);
    ids.push(user.id);
    requests.push(`${run}-${part.inserted.toString(16).padStart(12, '0')}`);
    transactions.push(id);
    keys.push(
      `[["${user.id}","${ASSET}",0,"${user.sequence}"],["@revenue","${ASSET}",${part.stripe},"${part.revenueSequence}"]]`,
    );
    lines.push([user.id, 0, user.sequence, id, -1, user.balance, user.debits]);
    lines.push(['@revenue', part.stripe, part.revenueSequence, id, 1, part.revenueSequence, 0]);
    touched.set(user.id, user);
    part.inserted += 1;
  }
  const { client } = part;
  const column = <I extends 0 | 1 | 2 | 3 | 4 | 5 | 6>(index: I) => lines.map((line) => line[index]);
  await client.query('BEGIN');
  const outcome = Buffer.alloc(spec.outcomeBytes, 7);
  await insert(client, 'requests', INSERT_REQUESTS, [ids, requests, transactions, keys, HASH, outcome]);
  await insert(client, 'entries', INSERT_ENTRIES, [
    ...[column(0), column(1), column(2), column(3), column(4), column(5), column(6), ASSET, HASH],
  ]);
  const accounts = [...touched.values()];
  await insert(client, 'accounts', UPDATE_ACCOUNTS, [
    [...touched.keys()],
    accounts.map(({ sequence }) => sequence),
    accounts.map(({ balance }) => balance),
    accounts.map(({ debits }) => debits),
    ...[ASSET, HASH],
  ]);
  await client.query('COMMIT');
}

async function insert(client: Client, name: string, text: string, values: unknown[]): Promise<void> {
  await client.query({ name, text, values });
}
