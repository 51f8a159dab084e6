import {
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  setLogger,
  status as GrpcCode,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { setTimeout as delay } from 'node:timers/promises';
import type { Contract } from '../rpc/contract';
import type { ServiceSettings } from './environment';
import type { ServiceLog } from './service-log';
import type { ServedService } from '../rpc/unary-service';

/** A service that listens. */
export interface RunningService {
  /** Host and the port it got. */
  readonly address: string;
  /**
   * Stops: NOT_SERVING first, then no new calls, then the end of those that run, at most for the shutdown timeout.
   * What they stand on is closed last.
   */
  stop(): Promise<void>;
}

/** A service that could not be started; the message says what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** What a server is made of. */
export interface ServerParts {
  readonly settings: ServiceSettings;
  readonly contract: Contract;
  readonly log: ServiceLog;
  readonly services: readonly ServedService[];
  /** Asks what the service stands on, its ledger and its database; throws when one of them does not answer. */
  readonly ping: () => Promise<unknown>;
  /** Called when the last call has ended, or the server could not start. */
  readonly close: () => void | Promise<void>;
}

const HEALTH_SERVICE = 'grpc.health.v1.Health';

/** The largest request; those of these services are small. */
const REQUEST_MAX_BYTES = 64 * 1024;
/** Calls at the same time on one connection. */
const CONCURRENT_STREAMS_MAX = 1_024;

/** Starts a server with health, reflection and a line of log per call, as the ledger's is. */
export async function startServer(parts: ServerParts): Promise<RunningService> {
  const { settings, contract, log, services } = parts;
  // gRPC would write to standard error by itself.
  setLogger({ error: (message) => log.logger.warn({ message }, 'grpc') });
  const streams = new Set<ServerInterceptingCallInterface>();
  const server = new Server({
    'grpc.max_receive_message_length': REQUEST_MAX_BYTES,
    'grpc.max_concurrent_streams': CONCURRENT_STREAMS_MAX,
    interceptors: [trackingStreams(streams)],
  });
  const { ledgerTimeoutMs } = settings;
  for (const service of services) {
    server.addService(service.definition, service.implement({ contract, log, ledgerTimeoutMs }));
  }
  const names = services.map(({ name }) => name);
  const health = new Health(['', ...names], parts);
  health.addToServer(server);
  contract.addReflection(server, [...names, HEALTH_SERVICE]);

  try {
    const address = await bind(server, settings.listen);
    await health.start();
    return { address, stop: () => stop(server, health, streams, parts) };
  } catch (error) {
    await parts.close();
    throw error;
  }
}

function bind(server: Server, listen: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.bindAsync(listen, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(`${listen.slice(0, listen.lastIndexOf(':'))}:${port}`);
      else reject(new StartError(`cannot listen on ${listen}: ${error.message}`, { cause: error }));
    });
  });
}

async function stop(
  server: Server,
  health: Health,
  streams: ReadonlySet<ServerInterceptingCallInterface>,
  { settings, log, close }: ServerParts,
): Promise<void> {
  health.stop();
  const closed = new Promise<boolean>((resolve) => server.tryShutdown(() => resolve(true)));
  // Of our own there are none; those of health and reflection last as long as their callers like.
  for (const call of streams) {
    call.sendStatus({ code: GrpcCode.UNAVAILABLE, details: 'the service is stopping' });
  }
  const limit = new AbortController();
  const late = delay(settings.shutdownTimeoutMs, false, { signal: limit.signal }).catch(() => false);
  if (!(await Promise.race([closed, late]))) log.logger.warn('calls still ran after the shutdown timeout');
  limit.abort();
  server.forceShutdown();
  await close();
}

/** Keeps the streams that are open, so that a stop can end them. */
function trackingStreams(streams: Set<ServerInterceptingCallInterface>): ServerInterceptor {
  return ({ responseStream }, call) => {
    if (!responseStream) return new ServerInterceptingCall(call);
    return new ServerInterceptingCall(call, {
      start: (next) => {
        streams.add(call);
        next({ onCancel: () => streams.delete(call) });
      },
      sendStatus: (status, next) => {
        streams.delete(call);
        next(status);
      },
    });
  };
}

/** grpc.health.v1: SERVING only while what the service stands on answers, asked at an interval. */
class Health extends HealthImplementation {
  private serving: boolean | undefined;
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly names: readonly string[],
    private readonly parts: Pick<ServerParts, 'ping' | 'settings' | 'log'>,
  ) {
    super();
  }

  async start(): Promise<void> {
    const answers = await this.parts.ping().then(
      () => true,
      () => false,
    );
    if (this.stopped) return;
    this.report(answers);
    this.timer = setTimeout(() => void this.start(), this.parts.settings.healthIntervalMs);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.report(false);
  }

  private report(serving: boolean): void {
    if (serving === this.serving) return;
    this.serving = serving;
    for (const name of this.names) this.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
    this.parts.log.logger.info({ serving }, 'health');
  }
}
