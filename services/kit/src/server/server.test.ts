import { Client, credentials, status } from '@grpc/grpc-js';
import { connectionLimits } from './connection-limits';
import { Environment } from './environment';
import { createLog } from './server-log';
import { startServer, type ServerParts, type ServerSettings } from './server';
import { StartError } from './start-error';

const AN_HOUR_MS = 3_600_000;

const settings: ServerSettings = {
  ...{ listen: '127.0.0.1:0', requestMaxBytes: 65_536, concurrentStreamsMax: 16 },
  connections: connectionLimits(new Environment({}, '')),
  ...{ healthIntervalMs: 1_000, shutdownTimeoutMs: AN_HOUR_MS },
};

function partsWith(events: string[], own: Partial<ServerSettings> = {}): ServerParts {
  return {
    settings: { ...settings, ...own },
    log: createLog('silent', null),
    services: (stopping) => {
      stopping.addEventListener('abort', () => events.push('stopping'));
      return [];
    },
    ping: () => Promise.resolve(),
    drain: () => {
      events.push('drained');
      return Promise.resolve();
    },
    close: () => void events.push('closed'),
  };
}

it('ends streams, drains what was accepted, and closes what it stands on, in this order', async () => {
  const events: string[] = [];
  const server = await startServer(partsWith(events));
  expect(events).toEqual([]);
  await server.stop();
  expect(events).toEqual(['stopping', 'drained', 'closed']);
});

it('ends a stream of reflection that its caller keeps open', async () => {
  const server = await startServer(partsWith([]));
  const client = new Client(server.address, credentials.createInsecure());
  const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  const same = (bytes: Buffer): Buffer => bytes;
  const stream = client.makeBidiStreamRequest(path, same, same, { deadline: Date.now() + AN_HOUR_MS });
  const ended = new Promise((resolve) => stream.on('error', resolve));
  const answered = new Promise((resolve) => stream.once('data', resolve));
  // Field 7, list_services, with the text "*".
  stream.write(Buffer.from([0x3a, 0x01, 0x2a]));
  await answered;

  await server.stop();
  expect(await ended).toMatchObject({ code: status.UNAVAILABLE, details: 'the server is stopping' });
  client.close();
});

it('names the address and its variable when it cannot listen, and closes what it stands on', async () => {
  const first = await startServer(partsWith([]));
  const events: string[] = [];
  const second = startServer(partsWith(events, { listen: first.address, listenVariable: 'TEST_LISTEN' }));
  await expect(second).rejects.toThrow(StartError);
  await expect(second).rejects.toThrow(`cannot listen on ${first.address} (TEST_LISTEN): `);
  expect(events).toEqual(['closed']);
  await first.stop();
});
