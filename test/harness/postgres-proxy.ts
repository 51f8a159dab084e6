import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { addressOf } from './postgres-address';

/** ReadyForQuery outside a transaction: what ends the start of a connection. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

/** Stands between a server and its Postgres. */
export interface PostgresProxy {
  /** The database through the proxy. */
  readonly url: string;
  /** While true, a connection gets its end from Postgres together with the word that it is ready. */
  endsAtOnce: boolean;
  /** How many connections were ended so. */
  readonly ended: number;
  /** Breaks all connections. */
  cut(): void;
  close(): Promise<void>;
}

/**
 * Starts a proxy for a database.
 *
 * @param portNow asked for each connection: where Postgres listens by then; throws when it does nowhere
 */
export async function startPostgresProxy(
  databaseUrl: string,
  portNow = (): number => Number(new URL(databaseUrl).port),
): Promise<PostgresProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const proxy = { url: '', endsAtOnce: false, ended: 0, cut, close };

  const server = createServer((near) => {
    let port: number;
    try {
      port = portNow();
    } catch {
      near.destroy();
      return;
    }
    const far = connect(addressOf(target, port));
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.on('data', (chunk: Buffer) => {
      if (!proxy.endsAtOnce || !chunk.subarray(-READY.length).equals(READY)) near.write(chunk);
      else {
        proxy.ended += 1;
        near.end(
          Buffer.concat([chunk, fatalError('57P01', 'terminating connection due to administrator command')]),
        );
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  proxy.url = url.href;
  return proxy;

  function cut(): void {
    for (const socket of sockets) socket.destroy();
  }

  async function close(): Promise<void> {
    server.close();
    cut();
    await once(server, 'close');
  }
}

function fatalError(state: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${state}\0M${message}\0\0`);
  const header = Buffer.from([0x45, 0, 0, 0, 0]);
  header.writeUInt32BE(4 + fields.length, 1);
  return Buffer.concat([header, fields]);
}
