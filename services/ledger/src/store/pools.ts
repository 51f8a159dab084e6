import { ConnectionPool } from '@ledger/kit/postgres/connection-pool';
import type { Placement } from '../ledger/placement';
import { ledgerSource, roleParameter, writerParameters } from './data-source';
import { DatabaseProbe } from './database-probe';
import { connectionOf } from './pg/connection';
import { prepareSession } from './prepare-session';
import { ReadPool } from './read-pool';
import { serverRole } from './roles';
import { readPlacement } from './statements/read-placement';

/** How the ledger uses its database. */
export interface StoreSettings {
  readonly url: string;
  /** Connections for batches: one per batch worker, in each cell and for what touches several. */
  readonly writers: number;
  /** Connections for reads. */
  readonly readers: number;
  /** Connections for balances as they are now. */
  readonly balanceReaders: number;
  /** Connections for verifications. */
  readonly verifiers: number;
  /** The most reads that may wait for a connection. */
  readonly readQueueMax: number;
  /** The longest that one statement of a batch may take. */
  readonly batchTimeoutMs: number;
  /** The longest that a read may take when its caller gives no shorter deadline. */
  readonly readTimeoutMs: number;
  /** How long one connection may take before a read is tried once more, on another. */
  readonly readAttemptMs: number;
  /** The longest that the database may take to say that it works. */
  readonly healthTimeoutMs: number;
  /** How often it has to write to be taken for working. */
  readonly healthWriteIntervalMs: number;
}

/** The connections of a server, by their work. */
export interface Pools {
  readonly placement: Placement;
  readonly writers: ConnectionPool;
  readonly readers: ReadPool;
  readonly balances: ReadPool;
  readonly verification: ReadPool;
  readonly probe: DatabaseProbe;
}

type Pool = Exclude<Pools[keyof Pools], Placement>;

/** How much longer than the server's own limit a client waits before it gives up a silent connection. */
const SILENT_CONNECTION_MS = 5_000;

/** Makes all pools, each with its first connection; closes those that were made when one cannot be. */
export async function openPools(settings: StoreSettings): Promise<Pools> {
  const opened: Pool[] = [];
  try {
    const pools = await open(settings, (pool) => {
      opened.push(pool);
      return pool;
    });
    // Asked while all are open: a pooler that lends sessions statement by statement has mixed some of them up by now.
    for (const pool of allPools(pools)) await pool.checkSession();
    return pools;
  } catch (error) {
    await Promise.allSettled(opened.map((pool) => pool.close()));
    throw error;
  }
}

/** In the order in which they are closed. */
export function allPools({ writers, readers, balances, verification, probe }: Pools): Pool[] {
  return [writers, readers, balances, verification, probe];
}

async function open(settings: StoreSettings, keep: <T extends Pool>(pool: T) => T): Promise<Pools> {
  const { url, batchTimeoutMs, readTimeoutMs, readAttemptMs: attemptMs } = settings;
  const { role } = await serverRole(url);
  const placement = await placementOf(url, role);
  const queues = placement.cells.length === 1 ? 1 : placement.cells.length + 1;
  const common = { url, role, onSession: prepareSession };
  const reading = { ...common, queueMax: settings.readQueueMax, readTimeoutMs, attemptMs };
  const writers = keep(
    await ConnectionPool.open(
      ledgerSource({
        ...{ url, onSession: prepareSession, applicationName: 'ledger-writer' },
        ...{ poolSize: settings.writers * queues, pipeline: true },
        parameters: { ...roleParameter(role), ...writerParameters(batchTimeoutMs) },
        queryTimeoutMs: batchTimeoutMs + SILENT_CONNECTION_MS,
      }),
    ),
  );
  const readers = keep(
    await ReadPool.open({ ...reading, applicationName: 'ledger-reader', connections: settings.readers }),
  );
  const balances = keep(
    await ReadPool.open({
      ...reading,
      applicationName: 'ledger-balances',
      connections: settings.balanceReaders,
    }),
  );
  const verification = keep(
    await ReadPool.open({
      ...{ ...reading, applicationName: 'ledger-verify', connections: settings.verifiers },
      // Its pages take longer, and nobody waits for one of them.
      attemptMs: readTimeoutMs,
    }),
  );
  const probe = keep(
    await DatabaseProbe.open({
      ...{ ...common, applicationName: 'ledger-health' },
      ...{ timeoutMs: settings.healthTimeoutMs, writeIntervalMs: settings.healthWriteIntervalMs },
      onRecovered: () => {
        for (const pool of [writers, readers, balances, verification]) pool.renew();
      },
    }),
  );
  return { placement, writers, readers, balances, verification, probe };
}

/** Read on a connection of its own: the sizes of the pools depend on it. */
async function placementOf(url: string, role: string | null): Promise<Placement> {
  const pool = await ConnectionPool.open(
    ledgerSource({ url, applicationName: 'ledger-start', poolSize: 1, parameters: roleParameter(role) }),
  );
  const runner = await pool.lease();
  try {
    return await readPlacement(await connectionOf(runner));
  } finally {
    await runner.release();
    await pool.close();
  }
}
