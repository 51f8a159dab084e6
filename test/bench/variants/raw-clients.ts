import { performance } from 'node:perf_hooks';
import { Client } from 'pg';
import { percentiles } from '../load/load-run';
import type { LoadResult } from '../load/load-spec';
import { chooser, seeded } from '../random';
import { ASSET, userOf } from '../users';
import { handleMessages, type PreparedWork } from '../load-generator-messages';
import { newTransactionId } from './new-transaction-id';
import { rawBulkWork } from './raw-bulk';
import { RAW_SCHEMA, type RawSpec } from './raw-spec';

/** Entry point of the process that measures Postgres alone, over plain `pg` connections. */
process.on('message', handleMessages(prepareRaw));

async function prepareRaw(spec: RawSpec): Promise<PreparedWork> {
  const clients = await Promise.all(
    Array.from({ length: spec.clients }, async () => {
      const client = new Client({ connectionString: spec.url, application_name: 'bench-raw' });
      await client.connect();
      return client;
    }),
  );
  const work = spec.bulk === undefined ? await purchases(spec, clients) : await rawBulkWork(spec, clients);
  return {
    run: async () => {
      const cpu = process.cpuUsage();
      const result = await work();
      const used = process.cpuUsage(cpu);
      await Promise.all(clients.map((client) => client.end()));
      return { ...result, cpuSeconds: (used.user + used.system) / 1e6 };
    },
  };
}

type Work = () => Promise<Omit<LoadResult, 'cpuSeconds'>>;

const PURCHASE = `SELECT ${RAW_SCHEMA}.purchase($1, $2, $3, $4, $5, $6, $7, $8, $9) AS balance`;
const LAST_OF_STRIPE = `
  SELECT coalesce(max(sequence), 0) AS sequence FROM ${RAW_SCHEMA}.entries
   WHERE user_id = '@revenue' AND asset = $1 AND stripe = $2`;
/** Beyond the stripes of the ledger, whose entries were copied. */
const FIRST_STRIPE = 100;
const HASH = Buffer.alloc(32, 7);

/** Each client calls the function, one call after the other. Each call is a transaction. */
async function purchases(spec: RawSpec, clients: readonly Client[]): Promise<Work> {
  const user = chooser(spec.distribution, spec.users, seeded(spec.seed));
  const run = spec.run.toString(16).padStart(8, '0');
  const outcome = Buffer.alloc(spec.outcomeBytes, 7);
  const stripes = await Promise.all(
    clients.map(async (client, index) => {
      const stripe = FIRST_STRIPE + index;
      const { rows } = await client.query<{ sequence: string }>(LAST_OF_STRIPE, [ASSET, stripe]);
      return { client, stripe, sequence: Number(rows[0]?.sequence ?? 0) };
    }),
  );
  return async () => {
    const started = performance.now();
    const end = started + spec.seconds * 1_000;
    const latencies: number[] = [];
    let calls = 0;
    await Promise.all(
      stripes.map(async (own) => {
        for (let now = performance.now(); now < end;) {
          calls += 1;
          own.sequence += 1;
          const requestId = `${run}-d9cb-469f-a165-${calls.toString(16).padStart(12, '0')}`;
          const transactionId = newTransactionId(BigInt(Date.now()) * 1_000n);
          const { rows } = await own.client.query<{ balance: string | null }>({
            name: 'purchase',
            text: PURCHASE,
            values: [
              ...[userOf(user()), ASSET, requestId, HASH, outcome, transactionId],
              ...[own.stripe, own.sequence, HASH],
            ],
          });
          if (typeof rows[0]?.balance !== 'string') throw new Error('the function gave no balance');
          const answered = performance.now();
          latencies.push(answered - now);
          now = answered;
        }
      }),
    );
    const latencyMs = percentiles(Float64Array.from(latencies));
    return {
      seconds: (performance.now() - started) / 1_000,
      ...{ calls, operations: calls, writes: calls, failures: 0, firstFailure: '', missed: 0 },
      ...{ latencyMs, groups: [latencyMs] },
    };
  };
}
