import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@ledger/embedded-postgres/embedded-postgres';
import { countStatements } from './buffers';

/** A Postgres that only the benchmark uses. */
export interface Environment {
  readonly url: string;
  readonly postgresPid: number;
  /** A connection for everything that is not measured. */
  readonly admin: Client;
  /** Settings that decide how durable a commit is, as Postgres reports them. */
  readonly settings: Readonly<Record<string, string>>;
  dispose(): Promise<void>;
}

/** Settings that the report shows. Those marked true must be on. */
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
 * These settings keep checkpoints out of a run. A checkpoint would hit whichever variant has its turn: after it, each
 * page is written to the WAL in full when it is first touched. That would dominate a short turn, but is negligible in
 * the minutes between two checkpoints of a busy server. WAL segments that are created beforehand are kept.
 * Vacuums run without pauses, because turns wait for them. pg_stat_statements counts buffers; it stays off until it is
 * needed.
 */
const SETTINGS = {
  // Enough for all variants together.
  max_connections: '300',
  max_wal_size: '16GB',
  min_wal_size: '16GB',
  checkpoint_timeout: '1h',
  autovacuum_vacuum_cost_delay: '0',
  shared_preload_libraries: 'pg_stat_statements',
};

/**
 * @param binDir the binaries of an installed Postgres; the embedded one when omitted
 * @throws Error when a setting that makes a commit durable is off
 */
export async function openEnvironment(binDir?: string): Promise<Environment> {
  const directory = await mkdtemp(join(tmpdir(), 'ledger-bench-'));
  // When we are root, an unprivileged user runs Postgres and must be able to enter the directory.
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
      throw new Error(`${name} is ${value}: the figures would not be those of durable commits`);
    settings[name] = value;
  }
  return settings;
}
