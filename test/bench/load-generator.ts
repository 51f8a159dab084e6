import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { performance } from 'node:perf_hooks';

/**
 * A load generator in a process of its own. It speaks HTTP/2 directly, with messages encoded beforehand, which costs
 * a fraction of a gRPC client: a grpc-js client takes twice the CPU of the server that it calls.
 */

/** What the parent asks for. */
export interface LoadRequest {
  readonly address: string;
  /** `/ledger.v1.LedgerService/Purchase` */
  readonly path: string;
  /** Encoded requests in base64, sent one after the other. */
  readonly messages: readonly string[];
  readonly inFlight: number;
  readonly sessions: number;
}

/** What it reports back. */
export interface LoadResult {
  readonly seconds: number;
  readonly calls: number;
  /** Calls whose grpc-status was not 0 or whose body was empty. */
  readonly failures: number;
  readonly firstFailure: string;
  /** Milliseconds at these percentiles. */
  readonly latencyMs: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly max: number;
  };
  /** CPU seconds that the generator itself took. */
  readonly cpuSeconds: number;
}

process.once('message', (request: LoadRequest) => {
  void generate(request).then((result) => {
    process.send?.(result, undefined, undefined, () => process.exit(0));
  });
});
process.send?.('ready');

async function generate(request: LoadRequest): Promise<LoadResult> {
  const frames = request.messages.map((message) => frame(Buffer.from(message, 'base64')));
  const sessions = Array.from({ length: request.sessions }, () => connect(`http://${request.address}`));
  await Promise.all(
    sessions.map((session) => new Promise((resolve) => session.once('remoteSettings', resolve))),
  );
  const latencies = new Float64Array(frames.length);
  let next = 0;
  let failures = 0;
  let firstFailure = '';
  const caller = async (session: ClientHttp2Session): Promise<void> => {
    for (let index = next++; index < frames.length; index = next++) {
      const message = frames[index];
      if (message === undefined) return;
      const started = performance.now();
      const failure = await call(session, request.path, message);
      latencies[index] = performance.now() - started;
      if (failure === '') continue;
      failures += 1;
      firstFailure ||= failure;
    }
  };
  const cpu = process.cpuUsage();
  const started = performance.now();
  await Promise.all(
    Array.from({ length: request.inFlight }, (_, index) => {
      const session = sessions[index % sessions.length];
      return session === undefined ? Promise.resolve() : caller(session);
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  const used = process.cpuUsage(cpu);
  for (const session of sessions) session.close();
  latencies.sort();
  const at = (share: number): number =>
    latencies[Math.min(frames.length - 1, Math.floor(frames.length * share))] ?? 0;
  return {
    ...{ seconds, calls: frames.length, failures, firstFailure },
    latencyMs: { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) },
    cpuSeconds: (used.user + used.system) / 1e6,
  };
}

/** Resolves to what went wrong, or to nothing. */
function call(session: ClientHttp2Session, path: string, message: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    let bytes = 0;
    let status = '';
    stream.on('response', (headers) => {
      status = String(headers['grpc-status'] ?? status);
    });
    stream.on('trailers', (trailers: IncomingHttpHeaders) => {
      status = String(trailers['grpc-status'] ?? status);
    });
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    stream.on('close', () =>
      resolve(status === '0' && bytes > 5 ? '' : `grpc-status ${status}, ${bytes} bytes`),
    );
    stream.on('error', () => undefined);
    stream.end(message);
  });
}

function frame(message: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}
