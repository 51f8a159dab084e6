import { LedgerClient, type LedgerClientOptions } from '@ledger/client';
import type { Config } from '../../services/ledger/src/config';
import { AN_HOUR_MS } from './limits';
import { RawClient } from './raw-client';
import { createTestDatabase, type TestDatabase } from './test-database';
import { startTestServer, type TestServer } from './test-server';

/** What must hold holds whether one server or several use the database: `describe.each(TOPOLOGIES)`. */
export const TOPOLOGIES = [
  { topology: 'one server', servers: 1 },
  { topology: 'two servers on one database', servers: 2 },
];

/** Servers on one database, with clients of each kind. */
export interface LedgerUnderTest {
  readonly database: TestDatabase;
  readonly servers: readonly TestServer[];
  /** The client of one of the servers, in turn. */
  client(turn?: number): LedgerClient;
  /** A client for bytes of one of the servers, in turn. */
  raw(turn?: number): RawClient;
  /**
   * The SQLSTATEs of everything that the database refused to the servers. None, where all goes as it should: locks in
   * one order meet no deadlock, and what is locked collides with nobody.
   */
  refusals(): string[];
  /** Stops the servers and drops the database. */
  dispose(): Promise<void>;
}

/** Starts servers on a database of their own, with clients that are made so. */
export async function startLedger(
  servers: number,
  overrides: Partial<Config> = {},
  clientOptions: LedgerClientOptions = {},
): Promise<LedgerUnderTest> {
  const database = await createTestDatabase();
  const started = await Promise.all(
    Array.from({ length: servers }, () => startTestServer(database.url, overrides)),
  );
  const clients = started.map(
    ({ address }) => new LedgerClient({ address, timeoutMs: AN_HOUR_MS, ...clientOptions }),
  );
  const raws = started.map(({ address }) => new RawClient(address));
  return {
    database,
    servers: started,
    client: (turn = 0) => inTurn(clients, turn),
    raw: (turn = 0) => inTurn(raws, turn),
    refusals: () => started.flatMap(({ faults }) => faults.flatMap(sqlStates)),
    dispose: async () => {
      for (const client of [...clients, ...raws]) client.close();
      await Promise.all(started.map((server) => server.stop()));
      await database.drop();
    },
  };
}

function inTurn<T>(values: readonly T[], turn: number): T {
  const value = values[turn % values.length];
  if (value === undefined) throw new RangeError('there is no server');
  return value;
}

/** The SQLSTATE of a fault, none for a lost race. */
function sqlStates(fault: unknown): string[] {
  const error = typeof fault === 'object' && fault !== null && 'error' in fault ? fault.error : fault;
  return typeof error === 'object' && error !== null && 'code' in error ? [String(error.code)] : [];
}
