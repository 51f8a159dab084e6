import type { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';

/** The name under which the health service itself is registered. */
export const HEALTH_SERVICE = 'grpc.health.v1.Health';

/**
 * grpc.health.v1: SERVING only while the database answers. Asked at an interval, so that a probe costs the database
 * nothing.
 */
export class Health {
  private readonly implementation: HealthImplementation;
  private serving = false;
  private stopped = false;
  private timer: NodeJS.Timeout | null = null;

  /**
   * @param services what is reported on; the empty name stands for the whole server
   * @param ping throws when the database does not answer
   */
  constructor(
    private readonly services: readonly string[],
    private readonly ping: () => Promise<void>,
    private readonly intervalMs: number,
    private readonly onChange: (serving: boolean) => void,
  ) {
    this.implementation = new HealthImplementation(
      Object.fromEntries(services.map((service) => [service, 'NOT_SERVING' as const])),
    );
  }

  addToServer(server: Server): void {
    this.implementation.addToServer(server);
  }

  /** Asks the database now and from then on. */
  async start(): Promise<void> {
    await this.check();
  }

  /** Reports NOT_SERVING for good. */
  stop(): void {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.report(false);
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
    for (const service of this.services) {
      this.implementation.setStatus(service, serving ? 'SERVING' : 'NOT_SERVING');
    }
    this.onChange(serving);
  }
}
