import { Client, credentials } from '@grpc/grpc-js';
import { methods, type PreparedCall } from './traffic';

const FRAME_BYTES = 5;
const TIMEOUT_MS = 5_000;

/** Sends a call that failed once more, by a client that can read errors: what it says. */
export function repeatFailedCall(address: string, { method, message }: PreparedCall): Promise<string> {
  const client = new Client(address, credentials.createInsecure());
  const same = (bytes: Buffer): Buffer => bytes;
  return new Promise<string>((resolve) => {
    client.makeUnaryRequest(
      methods[method],
      same,
      same,
      message.subarray(FRAME_BYTES),
      { deadline: Date.now() + TIMEOUT_MS },
      (error) => resolve(error === null ? 'this time it succeeds' : error.message),
    );
  }).finally(() => client.close());
}
