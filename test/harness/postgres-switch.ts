import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { addressOf } from './postgres-address';

/** A connection through the switch. */
interface Line {
  readonly near: Socket;
  readonly far: Socket;
  /** What the client said when it began, its application_name among it. */
  greeting: string;
  silent: boolean;
}

/** Stands between a server and its Postgres: what it forwards can be stopped, and where new connections lead changed. */
export interface PostgresSwitch {
  /** The first database, through the switch. */
  readonly url: string;
  /** From now on new connections lead to this database's server. Those that are there stay. */
  lead(databaseUrl: string): void;
  /**
   * From now on this many connections with an application_name, all unless given, forward nothing and stay open, as
   * behind a network that swallows packets.
   *
   * @returns how many there were
   */
  silence(applicationName: string, count?: number): number;
  /** How often something was sent on a silent connection. */
  readonly swallowed: number;
  /** How many connections with an application_name are open, silent ones too. */
  count(applicationName: string): number;
  close(): Promise<void>;
}

/** Starts a switch for a database. */
export async function startPostgresSwitch(databaseUrl: string): Promise<PostgresSwitch> {
  let target = new URL(databaseUrl);
  const lines = new Set<Line>();
  let swallowed = 0;
  const server = createServer((near) => {
    const far = connect(addressOf(target));
    const line: Line = { near, far, greeting: '', silent: false };
    lines.add(line);
    for (const socket of [near, far]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        near.destroy();
        far.destroy();
        lines.delete(line);
      });
    }
    near.on('data', (chunk: Buffer) => {
      if (line.greeting === '') line.greeting = chunk.toString('latin1');
      if (line.silent) swallowed += 1;
      else far.write(chunk);
    });
    far.on('data', (chunk: Buffer) => {
      if (!line.silent) near.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const linesOf = (name: string): Line[] =>
    [...lines].filter(({ greeting }) => greeting.includes(`application_name\0${name}\0`));
  return {
    url: url.href,
    lead: (to) => (target = new URL(to)),
    silence: (name, count = Infinity) => {
      const chosen = linesOf(name).slice(0, count);
      for (const line of chosen) line.silent = true;
      return chosen.length;
    },
    get swallowed() {
      return swallowed;
    },
    count: (name) => linesOf(name).length,
    close: async () => {
      server.close();
      for (const { near } of lines) near.destroy();
      await once(server, 'close');
    },
  };
}
