import type * as client from '@ledger/client';
import type { LedgerError, Timestamp } from '@ledger/client';
import { formatTime } from './time';

/** The client's module: loaded only when the ledger is asked. */
export type LedgerApi = typeof client;

/** JSON, as far as messages need it. */
export type Json = string | number | boolean | readonly Json[] | JsonObject;
/** A JSON object. */
export interface JsonObject {
  readonly [name: string]: Json;
}

/** Its keys are anybody's, and so mean nothing here. */
const METADATA = 'metadata';

/**
 * A message of the client in proto3 JSON: names in camel case, 64-bit integers as strings, bytes in base64, times in
 * RFC 3339, enums by their names. Fields that have their default are there too; absent ones are not.
 */
export function protoJson(message: object, api: LedgerApi): JsonObject {
  const members = Object.entries(message).map(([name, value]: [string, unknown]): [string, unknown] =>
    // The member that is set stands in the message itself.
    name !== METADATA && isOneof(value) ? [value.$case, value.value] : [name, value],
  );
  return Object.fromEntries(
    members
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, valueOf(name, value, api)]),
  );
}

function valueOf(name: string, value: unknown, api: LedgerApi): Json {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return enumName(name, value, api) ?? value;
  if (typeof value !== 'object' || value === null) throw new TypeError(`${name} is no value of a message`);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map((element: unknown) => valueOf(name, element, api));
  if (value instanceof Map) return Object.fromEntries(value as Map<string, string>);
  if (isSpan(value)) return name === 'retryDelay' ? secondsOf(value) : formatTime(value);
  return isStatus(value) ? errorJson(value, api) : protoJson(value, api);
}

/** A value that a newer server knows and this program does not stays a number, as in proto3 JSON. */
function enumName(field: string, value: number, api: LedgerApi): string | undefined {
  const names = {
    kind: ['ENTRY_KIND', api.EntryKind],
    state: ['HOLD_STATE', api.HoldState],
    reason: ['ERROR_REASON', api.ErrorReason],
  } as const;
  if (!(field === 'kind' || field === 'state' || field === 'reason') || value < 0) return undefined;
  const [prefix, members] = names[field];
  const name: string | undefined = members[value];
  return name === undefined ? undefined : `${prefix}_${name}`;
}

/** A `google.rpc.Status` with the details that the client reads. */
function errorJson(status: Status, api: LedgerApi): JsonObject {
  const { details } = api.LedgerError.fromStatus(status, { method: 'batchWrite' });
  return {
    code: status.code,
    message: status.message,
    details: Object.entries(details).map(([name, detail]: [string, object]) => ({
      '@type': `type.googleapis.com/google.rpc.${name.charAt(0).toUpperCase()}${name.slice(1)}`,
      ...protoJson(detail, api),
    })),
  };
}

function secondsOf({ seconds, nanos }: Timestamp): string {
  const fraction = nanos === 0 ? '' : `.${String(nanos).padStart(9, '0')}`;
  return `${seconds}${fraction}s`;
}

interface Oneof {
  readonly $case: string;
  readonly value: unknown;
}

function isOneof(value: unknown): value is Oneof {
  return typeof value === 'object' && value !== null && '$case' in value && 'value' in value;
}

/** An instant or a duration: they have the same fields. */
function isSpan(value: object): value is Timestamp {
  return 'seconds' in value && typeof value.seconds === 'bigint' && 'nanos' in value;
}

type Status = Parameters<typeof LedgerError.fromStatus>[0];

function isStatus(value: object): value is Status {
  return 'code' in value && 'message' in value && 'details' in value;
}
