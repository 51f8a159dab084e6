import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { addressOf } from './postgres-address';
import { waitUntil } from './wait-until';

/** The text of the statement, and its name: it is in the message whether the statement is prepared already or not. */
const COMMIT = Buffer.from('COMMIT');

/** Stands between a server and its Postgres, and keeps COMMITs back: a batch has read its clock and is not booked yet. */
export interface CommitGate {
  /** The database through the gate. */
  readonly url: string;
  /** From now on COMMITs, and the writes that travel with them, do not arrive. */
  close(): void;
  /** Resolves when so many are kept back. */
  untilHeld(count: number): Promise<void>;
  /** Lets those through that were kept back, and all others. */
  open(): void;
  stop(): Promise<void>;
}

/** Starts an open gate in front of a database. */
export async function startCommitGate(databaseUrl: string): Promise<CommitGate> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const held: (() => void)[] = [];
  let closed = false;

  const proxy = createServer((near) => {
    const far = connect(addressOf(target));
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    far.pipe(near);
    near.on('data', (chunk: Buffer) => {
      // What follows on the same connection waits for the answer by itself.
      if (closed && chunk.includes(COMMIT)) held.push(() => far.write(chunk));
      else far.write(chunk);
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((proxy.address() as AddressInfo).port);

  return {
    url: url.href,
    close: () => {
      closed = true;
    },
    untilHeld: (count) => waitUntil(`${count} COMMITs are kept back`, () => held.length === count),
    open: () => {
      closed = false;
      for (const pass of held.splice(0)) pass();
    },
    stop: async () => {
      proxy.close();
      for (const socket of sockets) socket.destroy();
      await once(proxy, 'close');
    },
  };
}
