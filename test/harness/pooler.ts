import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { addressOf } from './postgres-address';

/** A pooler as far as a server notices it. */
export interface Pooler {
  /** The database through the pooler. */
  readonly url: string;
  close(): Promise<void>;
}

/** `session`: each connection has a session of Postgres. `transaction`: each statement runs in whichever is free. */
export type PoolMode = 'session' | 'transaction';

const READY = 'Z';
/** What ends a client's part of an exchange: a simple query, and Sync. */
const ENDS = ['Q', 'S'];

/** A session of Postgres, which answers one client at a time. */
interface Session {
  readonly far: Socket;
  client: Socket | null;
}

/** Starts a pooler. Like PgBouncer it refuses connections that ask for `options`. */
export async function startPooler(databaseUrl: string, mode: PoolMode): Promise<Pooler> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  /** Those that are free; the one that was used last comes first. */
  const free: Session[] = [];
  const waiting: { client: Socket; bytes: Buffer }[] = [];

  const dispatch = (): void => {
    while (free.length > 0 && waiting.length > 0) {
      const [session, next] = [free.shift(), waiting.shift()];
      if (session === undefined || next === undefined) return;
      session.client = next.client;
      session.far.write(next.bytes);
    }
  };

  const server = createServer((near) => {
    const far = connect(addressOf(target));
    const session: Session = { far, client: near };
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    let isLoggedIn = false;
    far.on(
      'data',
      frames((type, bytes) => {
        session.client?.write(bytes);
        if (type !== READY) return;
        isLoggedIn = true;
        if (mode === 'session') return;
        session.client = null;
        free.unshift(session);
        dispatch();
      }),
    );
    let part = Buffer.alloc(0);
    const exchanges = frames((type, bytes) => {
      part = Buffer.concat([part, bytes]);
      if (!ENDS.includes(type)) return;
      waiting.push({ client: near, bytes: part });
      part = Buffer.alloc(0);
      dispatch();
    });
    near.on('data', (chunk: Buffer) => {
      if (!isLoggedIn && chunk.includes('\0options\0')) near.end(refusal());
      else if (isLoggedIn && mode === 'transaction') exchanges(chunk);
      else far.write(chunk);
    });
    near.on('close', () => mode === 'session' && far.destroy());
    far.on('close', () => near.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

/** Cuts what arrives into messages: a letter, a length, and so many bytes. */
function frames(take: (type: string, bytes: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5) {
      const length = 1 + rest.readUInt32BE(1);
      if (rest.length < length) return;
      const bytes = rest.subarray(0, length);
      rest = rest.subarray(length);
      take(String.fromCharCode(bytes[0] ?? 0), bytes);
    }
  };
}

function refusal(): Buffer {
  const fields = Buffer.from('SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter: options\0\0');
  const header = Buffer.from([0x45, 0, 0, 0, 0]);
  header.writeUInt32BE(4 + fields.length, 1);
  return Buffer.concat([header, fields]);
}
