import { Client, credentials, Metadata, type ChannelOptions, type ServiceError } from '@grpc/grpc-js';
import { AN_HOUR_MS } from './limits';

/** A call as it goes over the wire. */
export interface RawCall {
  readonly path: string;
  readonly bytes: Buffer;
}

/** An answer as it came over the wire; bytes as hex, so that two answers compare and print well. */
export interface RawAnswer {
  readonly code: number;
  /** The status message; empty when it succeeded. */
  readonly message: string;
  /** The response, or the trailer `grpc-status-details-bin`. */
  readonly bytes: string;
  /** The initial metadata `ledger-replayed`, undefined when it is absent. */
  readonly replayed: string | undefined;
}

/** A client without any codec and without retries: it shows the bytes that the server sent. */
export class RawClient {
  readonly #client: Client;

  constructor(address: string, options: ChannelOptions = {}) {
    this.#client = new Client(address, credentials.createInsecure(), options);
  }

  /** Resolves with whatever came back, errors too. */
  send({ path, bytes }: RawCall, deadline = Date.now() + AN_HOUR_MS): Promise<RawAnswer> {
    return new Promise((resolve) => {
      let replayed: string | undefined;
      const answered = (error: ServiceError | null, response?: Buffer): void => {
        if (error === null) {
          resolve({ code: 0, message: '', bytes: response?.toString('hex') ?? 'none', replayed });
          return;
        }
        const [trailer] = error.metadata.get('grpc-status-details-bin');
        const details = trailer instanceof Buffer ? trailer.toString('hex') : 'none';
        resolve({ code: error.code, message: error.details, bytes: details, replayed });
      };
      const call = this.#client.makeUnaryRequest(
        path,
        sameBytes,
        sameBytes,
        bytes,
        new Metadata(),
        { deadline },
        answered,
      );
      call.on('metadata', (metadata: Metadata) => {
        replayed = metadata.get('ledger-replayed')[0]?.toString();
      });
    });
  }

  /** Starts a call whose answer nobody waits for, and which can be cancelled. */
  start({ path, bytes }: RawCall): { cancel(): void } {
    return this.#client.makeUnaryRequest(path, sameBytes, sameBytes, bytes, () => undefined);
  }

  close(): void {
    this.#client.close();
  }
}

/** What makes an answer the same for its caller: all but the mark that it was there before. */
export function contentOf({ code, message, bytes }: RawAnswer): Omit<RawAnswer, 'replayed'> {
  return { code, message, bytes };
}

function sameBytes(bytes: Buffer): Buffer {
  return bytes;
}
