import { Client, credentials } from '@grpc/grpc-js';
import { methods, type PreparedCall } from './traffic';

const FRAME_BYTES = 5;
const TIMEOUT_MS = 5_000;

/** Sends a failed call again with a client that can decode errors, and returns what the error says. */
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
      (error) => resolve(error === null ? 'it succeeds this time' : error.message),
    );
  }).finally(() => client.close());
}
