import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@ledger/embedded-postgres/embedded-postgres';
import { countStatements } from './buffers';

/** A Postgres of the benchmark's own. */
export interface Environment {
  readonly url: string;
  readonly postgresPid: number;
  /** A connection for what is done off the clock. */
  readonly admin: Client;
  /** Settings that decide what a commit means, as Postgres shows them. */
  readonly settings: Readonly<Record<string, string>>;
  dispose(): Promise<void>;
}

/** Settings that are shown; those that are true here must be on. */
const SHOWN: Readonly<Record<string, boolean>> = {
  fsync: true,
  full_page_writes: true,
  synchronous_commit: true,
  autovacuum: true,
  server_version: false,
  wal_level: false,
  shared_buffers: false,
  max_wal_size: false,
  checkpoint_timeout: false,
};

/**
 * No checkpoint comes during a run: it would come upon whichever variant has its turn, and what follows it, each page
 * written to the WAL in full when it is first touched, would be most of a short turn and is next to nothing in the
 * minutes between two checkpoints of a busy server. Segments of the WAL that are made beforehand are kept.
 * Vacuums do not pause, since turns wait until they are over. pg_stat_statements counts buffers; it is off until it
 * is asked.
 */
const SETTINGS = {
  // Enough for all variants at once.
  max_connections: '300',
  max_wal_size: '16GB',
  min_wal_size: '16GB',
  checkpoint_timeout: '1h',
  autovacuum_vacuum_cost_delay: '0',
  shared_preload_libraries: 'pg_stat_statements',
};

/**
 * @param binDir of an installed Postgres to run; absent: the embedded one
 * @throws Error when a setting that makes a commit durable is off
 */
export async function openEnvironment(binDir?: string): Promise<Environment> {
  const directory = await mkdtemp(join(tmpdir(), 'ledger-bench-'));
  // An unprivileged user runs Postgres when we are root.
  await chmod(directory, 0o755);
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  let postgres: EmbeddedPostgres;
  try {
    postgres = await startEmbeddedPostgres({
      dataDir: directory,
      log: () => undefined,
      settings: SETTINGS,
      binDir,
    });
  } catch (error) {
    await remove();
    throw error;
  }
  const admin = new Client({ connectionString: postgres.url, application_name: 'bench-admin' });
  const dispose = async (): Promise<void> => {
    await admin.end().catch(() => undefined);
    await postgres.stop();
    await remove();
  };
  try {
    await admin.connect();
    await countStatements(admin, 'none');
    const settings = await readSettings(admin);
    return { url: postgres.url, postgresPid: postgres.pid, admin, settings, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function readSettings(admin: Client): Promise<Record<string, string>> {
  const settings: Record<string, string> = {};
  for (const [name, mustBeOn] of Object.entries(SHOWN)) {
    const { rows } = await admin.query<Record<string, string>>(`SHOW ${name}`);
    const value = rows[0]?.[name] ?? '';
    if (mustBeOn && value !== 'on')
      throw new Error(`${name} is ${value}: nothing that it says would be true`);
    settings[name] = value;
  }
  return settings;
}
