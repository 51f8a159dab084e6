import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';

/** A service as grpc-js registers it. */
export interface ServedService {
  /** Its full name: `ledger.v1.LedgerService`. */
  readonly name: string;
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

/**
 * Joins a generated service definition with handlers that take and give bytes. A request that is not a message of its
 * method then gets a typed error of ours, and a stored response goes out exactly as it is stored. A method without a
 * handler answers UNIMPLEMENTED.
 */
export function serveBytes(
  definition: ServiceDefinition,
  implementation: UntypedServiceImplementation,
): ServedService {
  const same = (bytes: Buffer): Buffer => bytes;
  const methods = Object.entries(definition).map(([name, method]): [string, typeof method] => [
    name,
    {
      ...method,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    },
  ]);
  const name = methods[0]?.[1].path.split('/')[1] ?? '';
  return { name, definition: Object.fromEntries(methods), implementation };
}
