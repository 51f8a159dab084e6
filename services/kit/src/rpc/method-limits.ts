import type { DescMessage } from '@bufbuild/protobuf';
import { descriptorRegistry } from './descriptors';
import { itemsMax } from './item-limits';
import type { ServedService } from './served-service';

/** The limits of single methods, which their contract has. */
export interface MethodLimits {
  /** The largest request of a method, in bytes. */
  readonly requestMaxBytes: (path: string) => number;
  /** Whether a method answers for as long as its caller likes. */
  readonly isStream: (path: string) => boolean;
  /** Whether a method takes messages for as long as its caller likes; each has the limit of a request. */
  readonly takesStream: (path: string) => boolean;
}

/** The largest request of a method that takes no long list. The largest that the rules allow has a third of it. */
const SMALL_REQUEST_MAX_BYTES = 64 * 1024;
/** A list that is longer makes a request large. */
const SHORT_LIST_MAX = 100;
const HEALTH_WATCH = '/grpc.health.v1.Health/Watch';

/**
 * @param services those of the server; health and reflection have small requests
 * @param largeMaxBytes the largest request of a method that takes a long list
 */
export function methodLimits(services: readonly ServedService[], largeMaxBytes: number): MethodLimits {
  const methods = services.flatMap(({ definition }) => Object.values(definition));
  const large = new Set(methods.map(({ path }) => path).filter(takesLongList));
  const streams = new Set(methods.filter(({ responseStream }) => responseStream).map(({ path }) => path));
  streams.add(HEALTH_WATCH);
  const uploads = new Set(methods.filter(({ requestStream }) => requestStream).map(({ path }) => path));
  const smallMaxBytes = Math.min(SMALL_REQUEST_MAX_BYTES, largeMaxBytes);
  return {
    requestMaxBytes: (path) => (large.has(path) ? largeMaxBytes : smallMaxBytes),
    isStream: (path) => streams.has(path),
    takesStream: (path) => uploads.has(path),
  };
}

function takesLongList(path: string): boolean {
  return requestOf(path)?.fields.some((field) => (itemsMax(field) ?? 0) > SHORT_LIST_MAX) ?? false;
}

/** The request of a method; undefined for one that is in no contract. */
export function requestOf(path: string): DescMessage | undefined {
  const [, service = '', name = ''] = path.split('/');
  return descriptorRegistry()
    .getService(service)
    ?.methods.find((method) => method.name === name)?.input;
}
