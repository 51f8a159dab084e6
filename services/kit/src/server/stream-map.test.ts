import { once } from 'node:events';
import { connect, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import * as fc from 'fast-check';
import { http2Servers } from './http2-parts';
import { StreamMap, replaceStreams } from './stream-map';

const steps = fc.array(fc.tuple(fc.constantFrom('set', 'get', 'delete'), fc.nat(40)), { maxLength: 400 });
/** Far apart, so that ids of the same place meet. */
const strides = fc.constantFrom(1, 2, 64, 128, 256);

it('keeps what a Map keeps', () => {
  fc.assert(
    fc.property(steps, strides, (taken, stride) => {
      const streams = new StreamMap<object>();
      const map = new Map<number, object>();
      for (const [step, index] of taken) {
        const id = index * stride * 2 + 1;
        if (step === 'set') {
          const value = {};
          streams.set(id, value);
          map.set(id, value);
        } else if (step === 'delete') expect(streams.delete(id)).toBe(map.delete(id));
        expect(streams.get(id)).toBe(map.get(id));
        expect(streams.has(id)).toBe(map.has(id));
        expect(streams.size).toBe(map.size);
      }
      const all = new Map<number, object>();
      streams.forEach((value, id) => all.set(id, value));
      expect(all).toEqual(map);
    }),
  );
});

it('calls back with all of them while they are deleted', () => {
  const streams = new StreamMap<number>();
  for (let id = 1; id < 200; id += 2) streams.set(id, id);
  const met: number[] = [];
  streams.forEach((value, id) => {
    met.push(value);
    streams.delete(id);
  });
  expect(met).toHaveLength(100);
  expect(new Set(met).size).toBe(100);
  expect(streams.size).toBe(0);
});

it('takes the place of the Map in the sessions of this Node, which serve as before', async () => {
  const replaced: boolean[] = [];
  const server = createServer();
  server.on('session', (session) => replaced.push(replaceStreams(session)));
  server.on('stream', (stream, headers) => {
    stream.respond();
    stream.end(headers[':path']);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    const answers = Array.from({ length: 300 }, async (_, index) => {
      const stream = client.request({ ':path': `/${index}` });
      stream.setEncoding('utf8');
      let body = '';
      for await (const chunk of stream) body += String(chunk);
      return body;
    });
    await expect(Promise.all(answers)).resolves.toEqual(
      Array.from({ length: 300 }, (_, index) => `/${index}`),
    );
    expect(replaced).toEqual([true]);
  } finally {
    client.destroy();
    server.close();
  }
});

it('finds the listeners of this grpc-js', async () => {
  const server = new Server();
  expect(http2Servers(server)).toEqual([]);
  await new Promise<void>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  expect(http2Servers(server)).toHaveLength(1);
  server.forceShutdown();
});

it('ends the streams of a session that is destroyed', async () => {
  const server = createServer();
  const closed: Promise<unknown>[] = [];
  server.on('session', replaceStreams);
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    closed.push(once(stream, 'close'));
    if (closed.length === 20) stream.session?.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  client.on('error', () => undefined);
  const ended = Array.from({ length: 20 }, () => client.request().on('error', () => undefined)).map(
    (stream) => once(stream, 'close'),
  );
  await Promise.all(ended);
  await Promise.all(closed);
  expect(closed).toHaveLength(20);
  client.destroy();
  server.close();
});

it('leaves a session alone that keeps its streams in another way', () => {
  expect(replaceStreams({})).toBe(false);
  expect(replaceStreams({ [Symbol('state')]: {} })).toBe(false);
  expect(replaceStreams({ [Symbol('state')]: { streams: [] } })).toBe(false);
  const streams = new Map([[1, {}]]);
  const session = { [Symbol('state')]: { streams } };
  expect(replaceStreams(session)).toBe(false);
});
