import {
  BadRequest,
  ErrorInfo,
  PreconditionFailure,
  RetryInfo,
} from '@ledger/proto/google/rpc/error_details';
import { Status } from '@ledger/proto/google/rpc/status';
import { CallError, invalidFields } from './call-error';
import { ErrorCodec } from './error-codec';
import { grpcError } from './unary';

/** What many clients have room for, for all headers of a call. */
const HEADERS_MAX = 8 * 1024;

const codec = new ErrorCodec<'INVALID_FIELD' | 'TOO_LITTLE'>({
  domain: 'test.v1',
  codes: { INVALID_FIELD: 'INVALID_ARGUMENT', TOO_LITTLE: 'FAILED_PRECONDITION' },
  subjectKeys: ['user_id', 'asset'],
});

describe.each([
  ['ASCII', 'x'],
  ['text of four bytes a character', '😀'],
  ['text that takes three times its size in a header', 'é'],
])('an error that repeats a text of a megabyte of a caller (%s)', (_what, character) => {
  const text = character.repeat(1_000_000 / Buffer.byteLength(character));

  it('fits the headers of a call, wherever the text stands', () => {
    const metadata = { user_id: text, asset: text, balance: text };
    const { status, headerBytes } = encoded(new CallError('TOO_LITTLE', text, { metadata }));
    expect(headerBytes).toBeLessThan(HEADERS_MAX);
    expect(text.startsWith(status.message.replace(/…$/, ''))).toBe(true);
    expect(status.message.endsWith('…')).toBe(true);
    expect(ErrorInfo.decode(status.details[0]!.value).metadata.get('balance')).toMatch(/^.{32,}…$/u);
    const [violation] = PreconditionFailure.decode(status.details[1]!.value).violations;
    expect(violation!.description).toBe(status.message);
  });

  it.each([1, 24, 1_000])('fits the headers of a call with %s fields at fault', (count) => {
    const violations = Array.from({ length: count }, () => ({ field: text, description: text }));
    const { status, headerBytes } = encoded(invalidFields(violations));
    expect(headerBytes).toBeLessThan(HEADERS_MAX);
    const { fieldViolations } = BadRequest.decode(status.details[1]!.value);
    expect(fieldViolations.length).toBeGreaterThanOrEqual(Math.min(count, 5));
    for (const { field } of fieldViolations) expect(field).toMatch(/^.{16,}…$/u);
  });
});

it('leaves texts as they are that fit', () => {
  const metadata = { user_id: 'a'.repeat(128), asset: 'G'.repeat(64), etag: '😀'.repeat(64) };
  const { status } = encoded(new CallError('TOO_LITTLE', 'm'.repeat(700), { metadata }));
  expect(status.message).toBe('m'.repeat(700));
  expect(Object.fromEntries(ErrorInfo.decode(status.details[0]!.value).metadata)).toEqual(metadata);
});

it('names the 24 fields at fault that an error may name, when their texts are of the contract', () => {
  const violations = Array.from({ length: 24 }, (_, n) => ({
    field: `writes[${n}].post_transaction.legs[63].expected_sequence`,
    description: 'must be 1 to 128 printable ASCII characters without spaces',
  }));
  const { status, headerBytes } = encoded(invalidFields(violations));
  expect(BadRequest.decode(status.details[1]!.value).fieldViolations).toMatchObject(violations);
  expect(headerBytes).toBeLessThan(HEADERS_MAX);
});

it('says when to come again, in its details and to clients that retry by the policy of their channel', () => {
  const overload = new ErrorCodec<'FULL'>({ domain: 'test.v1', codes: { FULL: 'RESOURCE_EXHAUSTED' } });
  const { code, reason, bytes } = overload.encode(new CallError('FULL', 'full', { retryAfterMs: 2_345 }));
  const { retryDelay } = RetryInfo.decode(Status.decode(bytes).details[1]!.value);
  expect(retryDelay).toEqual({ seconds: 2n, nanos: 345_000_000 });
  const { metadata } = grpcError({ code, reason, bytes, replayed: false, retryAfterMs: 2_345 });
  expect(metadata.get('grpc-retry-pushback-ms')).toEqual(['2345']);
});

/** As grpc-js sends it: the message with each byte beyond ASCII as three, the details in base64. */
function encoded(error: CallError<'INVALID_FIELD' | 'TOO_LITTLE'>): { status: Status; headerBytes: number } {
  const { bytes } = codec.encode(error);
  const status = Status.decode(bytes);
  return { status, headerBytes: encodeURI(status.message).length + bytes.toString('base64').length };
}
