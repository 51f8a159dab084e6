import { Client, credentials, type ClientReadableStream } from '@grpc/grpc-js';

const NAMES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

/** Follows what the standard health service says of the whole server. */
export class HealthWatch {
  /** In the order in which they came. */
  readonly statuses: string[] = [];
  readonly #client: Client;
  readonly #stream: ClientReadableStream<Buffer>;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure());
    const nothing = Buffer.alloc(0);
    this.#stream = this.#client.makeServerStreamRequest(
      '/grpc.health.v1.Health/Watch',
      asIs,
      asIs,
      // HealthCheckRequest with an empty service.
      nothing,
    );
    // HealthCheckResponse: field 1, an enum, in two bytes.
    this.#stream.on('data', (bytes: Buffer) => this.statuses.push(NAMES[bytes[1] ?? 0] ?? 'UNKNOWN'));
    this.#stream.on('error', () => undefined);
  }

  close(): void {
    this.#stream.cancel();
    this.#client.close();
  }
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}
