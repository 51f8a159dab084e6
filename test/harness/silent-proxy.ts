import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Stands between a client and a server as a network that may drop packets in silence. */
export interface SilentProxy {
  /** `host:port` of the server through the proxy. */
  readonly address: string;
  /** How many connections there were so far. */
  readonly connections: number;
  /** How many of the client's are open. */
  readonly open: number;
  /** From now on nothing passes on the connections that are open, and none of them is closed. New ones work. */
  dropPackets(): void;
  /** Ends the connections that are open. New ones work. */
  cut(): void;
  close(): Promise<void>;
}

/** Starts a proxy for the server at `host:port`. */
export async function startSilentProxy(address: string): Promise<SilentProxy> {
  const [host = '', port = ''] = address.split(':');
  const pairs = new Set<readonly [near: Socket, far: Socket]>();
  let connections = 0;
  const server = createServer((near) => {
    connections += 1;
    const far = connect(Number(port), host);
    const pair = [near, far] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [far, near] as const]) {
      from.on('data', (chunk) => to.write(chunk));
      from.on('error', () => undefined);
      from.on('close', () => {
        // What nothing passes on does not pass on its end either.
        if (from === near) pairs.delete(pair);
        to.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    get connections() {
      return connections;
    },
    get open() {
      return pairs.size;
    },
    dropPackets: () => {
      // Read, so that it is seen when the client ends the connection, and thrown away.
      for (const socket of [...pairs].flat()) socket.removeAllListeners('data').resume();
    },
    cut: () => {
      for (const socket of [...pairs].flat()) socket.destroy();
    },
    close: async () => {
      server.close();
      for (const socket of [...pairs].flat()) socket.destroy();
      await once(server, 'close');
    },
  };
}
