import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Server, ServerCredentials, setLogger, type ServerOptions } from '@grpc/grpc-js';
import { Health, HEALTH_SERVICE } from '../rpc/health';
import { Reflection } from '../rpc/reflection';
import type { ServedService } from '../rpc/served-service';
import { ConnectionGuard } from './connection-guard';
import type { ConnectionLimits } from './connection-limits';
import { http2Servers, setHttp2Options } from './http2-parts';
import { methodLimits } from '../rpc/method-limits';
import type { ServerLog } from './server-log';
import { StartError } from './start-error';

/** A server that listens. */
export interface RunningServer {
  /** Host and the port it got. */
  readonly address: string;
  /**
   * Stops: NOT_SERVING first, then no new calls, the end of streams, and then of the calls that run, at most for the
   * shutdown timeout. What was accepted is drained after that, and what the server stands on is closed last.
   */
  stop(): Promise<void>;
}

/** Where a server listens and what it takes. */
export interface ServerSettings {
  /** Host and port, port 0 for any. */
  readonly listen: string;
  /** The variable that sets it, for the message when it cannot be had. */
  readonly listenVariable?: string;
  /** The largest request, in bytes. */
  readonly requestMaxBytes: number;
  /** The largest response, in bytes; the library's own limit unless given. */
  readonly responseMaxBytes?: number;
  /** Calls at the same time on one connection. */
  readonly concurrentStreamsMax: number;
  /** What callers may hold. */
  readonly connections: ConnectionLimits;
  /** How often what the server stands on is asked whether it is there. */
  readonly healthIntervalMs: number;
  /** The longest that a stopping server waits for its calls. */
  readonly shutdownTimeoutMs: number;
}

/** What a server is made of. */
export interface ServerParts {
  readonly settings: ServerSettings;
  readonly log: ServerLog;
  /** @param stopping aborted when the server stops: streams then end */
  readonly services: (stopping: AbortSignal) => readonly ServedService[];
  /** Asks what the server stands on, such as its database; throws when it does not answer. */
  readonly ping: () => Promise<unknown>;
  /** Finishes what was accepted, also when its callers are gone. */
  readonly drain?: () => Promise<void>;
  /** Called when the last call has ended, or the server could not start. */
  readonly close: () => void | Promise<void>;
}

/** Starts a server with health and reflection. */
export async function startServer(parts: ServerParts): Promise<RunningServer> {
  try {
    return await serve(parts);
  } catch (error) {
    await parts.close();
    throw error;
  }
}

async function serve(parts: ServerParts): Promise<RunningServer> {
  const { settings, log } = parts;
  // gRPC would write to standard error by itself.
  setLogger({ error: (message) => log.logger.warn({ message }, 'grpc') });
  const stopping = new AbortController();
  // Every stream listens: no leak to warn of.
  setMaxListeners(0, stopping.signal);
  const server = new Server({
    'grpc.max_receive_message_length': settings.requestMaxBytes,
    ...(settings.responseMaxBytes === undefined
      ? {}
      : { 'grpc.max_send_message_length': settings.responseMaxBytes }),
    'grpc.max_concurrent_streams': Math.min(settings.concurrentStreamsMax, settings.connections.callsIdle),
    ...connectionOptions(settings.connections),
  });
  // Node's own limit on resets breaks a connection with all of its calls. This kit's asks for another connection first.
  setHttp2Options(server, { streamResetBurst: NODE_RESETS_MAX, streamResetRate: NODE_RESETS_MAX });
  const services = parts.services(stopping.signal);
  for (const { definition, implementation } of services) server.addService(definition, implementation);
  const names = services.map(({ name }) => name);
  const health = new Health(['', ...names], parts.ping, settings.healthIntervalMs, (serving) =>
    log.logger.info({ serving }, 'health'),
  );
  health.addToServer(server);
  const reflection = new Reflection([...names, HEALTH_SERVICE]);
  reflection.addToServer(server);

  const address = await bind(server, settings);
  const guard = guardConnections(server, services, parts);
  await health.start();
  return { address, stop: () => stop({ server, health, reflection, stopping, guard }, parts) };
}

/** Far above the limit of this kit, which counts the same. Node 20 has a fixed one: 1,000 at once and 33 a second. */
const NODE_RESETS_MAX = 1_000_000;

function connectionOptions(limits: ConnectionLimits): ServerOptions {
  return {
    'grpc.keepalive_time_ms': limits.keepaliveMs,
    'grpc.keepalive_timeout_ms': limits.keepaliveTimeoutMs,
    // The guard ends idle and old connections, and loses no call that is on its way. These are for when it cannot.
    'grpc.max_connection_idle_ms': twice(limits.connectionIdleMs),
    'grpc.max_connection_age_ms': twice(limits.connectionAgeMs),
    'grpc.max_connection_age_grace_ms': limits.connectionAgeGraceMs,
  };
}

function twice(ms: number): number {
  return Math.min(2 * ms, 2 ** 31 - 2);
}

function guardConnections(
  server: Server,
  services: readonly ServedService[],
  { settings, log }: ServerParts,
): ConnectionGuard {
  const { concurrentStreamsMax, requestMaxBytes, connections } = settings;
  const { logger, faults } = log;
  const guard = new ConnectionGuard({
    limits: { ...connections, concurrentStreamsMax },
    ...methodLimits(services, requestMaxBytes),
    tell: (what, fields) =>
      faults.add(what, what, (_error, count) =>
        logger.warn(count === 1 ? fields : { ...fields, count }, what),
      ),
    trace: log.detailed ? (what, fields) => logger.debug(fields, what) : undefined,
  });
  const listeners = http2Servers(server);
  for (const listener of listeners) guard.watch(listener);
  if (listeners.length === 0) {
    logger.warn(
      'this grpc-js hides its HTTP/2 servers: connections, requests and unread answers have no limits',
    );
  }
  return guard;
}

function bind(server: Server, { listen, listenVariable }: ServerSettings): Promise<string> {
  const where = listenVariable === undefined ? listen : `${listen} (${listenVariable})`;
  return new Promise((resolve, reject) => {
    server.bindAsync(listen, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(`${listen.slice(0, listen.lastIndexOf(':'))}:${port}`);
      else reject(new StartError(`cannot listen on ${where}: ${error.message}`, { cause: error }));
    });
  });
}

interface Running {
  readonly server: Server;
  readonly health: Health;
  readonly reflection: Reflection;
  readonly stopping: AbortController;
  readonly guard: ConnectionGuard;
}

async function stop(running: Running, { settings, log, drain, close }: ServerParts): Promise<void> {
  const { server, health, reflection, stopping, guard } = running;
  health.stop();
  const closed = new Promise<boolean>((resolve) => server.tryShutdown(() => resolve(true)));
  stopping.abort();
  reflection.stop();
  const limit = new AbortController();
  const late = delay(settings.shutdownTimeoutMs, false, { signal: limit.signal }).catch(() => false);
  if (!(await Promise.race([closed, late]))) log.logger.warn('calls still ran after the shutdown timeout');
  limit.abort();
  await drain?.();
  server.forceShutdown();
  guard.stop();
  await close();
}
