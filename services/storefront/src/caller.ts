import type { Metadata } from '@grpc/grpc-js';
import { invalidField } from '@ledger/kit/rpc/request-check';
import type { Call } from '@ledger/kit/ledger/unary-service';
import { refuse } from './errors';

const KEY = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Checks that a call acts for the user named in its request.
 *
 * @returns that user
 * @throws CallError NO_USER unless there is exactly one `x-user-id`; NOT_YOUR_ACCOUNT when it names another user
 */
export function actingUser({ metadata }: Call, userId: string): string {
  const user = singleHeader(metadata, 'x-user-id');
  if (user === undefined) throw refuse('NO_USER', 'the metadata x-user-id must name the user');
  if (user !== userId) throw refuse('NOT_YOUR_ACCOUNT', 'the request names another user than x-user-id');
  return user;
}

/**
 * The idempotency key of a write, from the metadata `idempotency-key` or the request field.
 *
 * @throws CallError INVALID_FIELD when there is no valid key, or when the two differ
 */
export function idempotencyKey({ metadata }: Call, field: string): string {
  const header =
    metadata.get('idempotency-key').length === 0 ? field : singleHeader(metadata, 'idempotency-key');
  if (header !== undefined && KEY.test(header) && (field === '' || field === header)) return header;
  const description = 'must be 1 to 64 letters, digits and _-, the same in the field and in the metadata';
  throw invalidField('idempotency_key', description);
}

/** The value of a header; undefined unless it occurs exactly once. */
function singleHeader(metadata: Metadata, name: string): string | undefined {
  const [value, ...others] = metadata.get(name);
  return others.length === 0 && typeof value === 'string' && value !== '' ? value : undefined;
}
