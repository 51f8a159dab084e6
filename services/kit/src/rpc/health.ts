import {
  status as GrpcCode,
  type sendUnaryData,
  type Server,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import { shortened, TEXT_MAX_BYTES } from './shortened';

/** The name under which the health service itself is registered. */
export const HEALTH_SERVICE = 'grpc.health.v1.Health';

interface HealthCheckRequest {
  readonly service: string;
}

interface HealthCheckResponse {
  readonly status: 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';
}

interface HealthListResponse {
  readonly statuses: Readonly<Record<string, HealthCheckResponse>>;
}

type Watch = ServerWritableStream<HealthCheckRequest, HealthCheckResponse>;

/**
 * grpc.health.v1: SERVING only while what the server stands on answers, such as its database. That is asked at an
 * interval, so that a probe costs it nothing.
 */
export class Health {
  private readonly watches = new Set<Watch>();
  private serving = false;
  private stopped = false;
  private timer: NodeJS.Timeout | null = null;

  /**
   * @param services what is reported on; the empty name stands for the whole server
   * @param ping throws when what the server stands on does not answer
   */
  constructor(
    private readonly services: readonly string[],
    private readonly ping: () => Promise<unknown>,
    private readonly intervalMs: number,
    private readonly onChange: (serving: boolean) => void,
  ) {}

  // The package's own handlers never end a watch, which would hold up every stop of the server.
  addToServer(server: Server): void {
    server.addService(service, {
      check: (
        call: ServerUnaryCall<HealthCheckRequest, HealthCheckResponse>,
        callback: sendUnaryData<HealthCheckResponse>,
      ) => {
        const name = call.request.service;
        if (this.services.includes(name)) callback(null, this.responseFor(name));
        else
          callback({
            code: GrpcCode.NOT_FOUND,
            details: `no service ${shortened(name, TEXT_MAX_BYTES.metadata)}`,
          });
      },
      list: (
        _call: ServerUnaryCall<object, HealthListResponse>,
        callback: sendUnaryData<HealthListResponse>,
      ) =>
        callback(null, {
          statuses: Object.fromEntries(this.services.map((name) => [name, this.responseFor(name)])),
        }),
      watch: (call: Watch) => this.watch(call),
    });
  }

  /** Asks now and from then on, at the interval. */
  async start(): Promise<void> {
    await this.check();
  }

  /** Reports NOT_SERVING for good, and ends those who watch. */
  stop(): void {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.report(false);
    for (const call of this.watches) endWatch(call);
    this.watches.clear();
  }

  private watch(call: Watch): void {
    call.write(this.responseFor(call.request.service));
    if (this.stopped) {
      endWatch(call);
      return;
    }
    this.watches.add(call);
    call.on('cancelled', () => this.watches.delete(call));
  }

  private responseFor(name: string): HealthCheckResponse {
    if (!this.services.includes(name)) return { status: 'SERVICE_UNKNOWN' };
    return { status: this.serving ? 'SERVING' : 'NOT_SERVING' };
  }

  private async check(): Promise<void> {
    const answers = await this.ping().then(
      () => true,
      () => false,
    );
    if (this.stopped) return;
    this.report(answers);
    this.timer = setTimeout(() => void this.check(), this.intervalMs);
  }

  private report(serving: boolean): void {
    if (serving === this.serving) return;
    this.serving = serving;
    for (const call of this.watches) {
      const { service: name } = call.request;
      if (this.services.includes(name)) call.write(this.responseFor(name));
    }
    this.onChange(serving);
  }
}

/** With a code that tells the caller to look for another server. */
function endWatch(call: Watch): void {
  call.emit('error', { code: GrpcCode.UNAVAILABLE, details: 'the server is stopping' });
}
