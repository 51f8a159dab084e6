import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { Client, credentials, type ClientReadableStream } from '@grpc/grpc-js';
import { AN_HOUR_MS } from './limits';

export type ServingStatus = 'UNKNOWN' | 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';

const STATUSES: readonly ServingStatus[] = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

/** What grpc.health.v1 says of a service; by default of the whole server. */
export async function checkHealth(address: string, service = ''): Promise<ServingStatus> {
  const client = new Client(address, credentials.createInsecure());
  try {
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        '/grpc.health.v1.Health/Check',
        requestBytes,
        statusOf,
        service,
        { deadline: Date.now() + AN_HOUR_MS },
        (error, answer) => {
          if (answer === undefined) reject(error ?? new Error('no answer'));
          else resolve(answer);
        },
      );
    });
  } finally {
    client.close();
  }
}

/** A probe that stays connected. */
export interface HealthWatch {
  /** Every status so far. */
  readonly seen: readonly ServingStatus[];
  end(): void;
}

/** Follows what grpc.health.v1 says of a service. */
export function watchHealth(address: string, service = ''): HealthWatch {
  const client = new Client(address, credentials.createInsecure());
  const seen: ServingStatus[] = [];
  const stream: ClientReadableStream<ServingStatus> = client.makeServerStreamRequest(
    '/grpc.health.v1.Health/Watch',
    requestBytes,
    statusOf,
    service,
  );
  stream.on('data', (value: ServingStatus) => seen.push(value));
  stream.on('error', () => undefined);
  return {
    seen,
    end: () => {
      stream.cancel();
      client.close();
    },
  };
}

/** HealthCheckRequest: `service` is field 1. */
function requestBytes(service: string): Buffer {
  return Buffer.from(new BinaryWriter().uint32(0x0a).string(service).finish());
}

/** HealthCheckResponse: `status` is field 1, the default left out. */
function statusOf(bytes: Buffer): ServingStatus {
  const reader = new BinaryReader(bytes);
  if (reader.len === 0) return 'UNKNOWN';
  reader.uint32();
  return STATUSES[reader.int32()] ?? 'UNKNOWN';
}
