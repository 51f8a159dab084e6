import { status } from '@grpc/grpc-js';
import { decodeErrorDetails, errorDetailsOf, reasonOf, retryDelayMs } from './error-details';
import {
  BadRequest,
  ErrorInfo,
  PreconditionFailure,
  ResourceInfo,
} from '@ledger/proto/google/rpc/error_details';
import { Status } from '@ledger/proto/google/rpc/status';
import { encodeDetails } from './testing/steps';

function packed(type: string, value: Uint8Array): { typeUrl: string; value: Buffer } {
  return { typeUrl: `type.googleapis.com/google.rpc.${type}`, value: Buffer.from(value) };
}

function errorInfo(reason: string, domain = 'ledger.v1'): ErrorInfo {
  return { reason, domain, metadata: new Map([['balance', '3']]) };
}

it('reads every detail that the contract names', () => {
  const badRequest = BadRequest.fromPartial({
    fieldViolations: [{ field: 'amount', description: 'too low' }],
  });
  const preconditionFailure = PreconditionFailure.fromPartial({ violations: [{ type: 'FUNDS' }] });
  const resourceInfo = ResourceInfo.fromPartial({ resourceType: 'item', resourceName: 'sword' });
  const trailer = Status.encode({
    code: status.FAILED_PRECONDITION,
    message: '',
    details: [
      packed('ErrorInfo', ErrorInfo.encode(errorInfo('INSUFFICIENT_FUNDS')).finish()),
      packed('BadRequest', BadRequest.encode(badRequest).finish()),
      packed('PreconditionFailure', PreconditionFailure.encode(preconditionFailure).finish()),
      packed('ResourceInfo', ResourceInfo.encode(resourceInfo).finish()),
    ],
  }).finish();
  expect(decodeErrorDetails(trailer)).toEqual({
    errorInfo: errorInfo('INSUFFICIENT_FUNDS'),
    badRequest,
    preconditionFailure,
    resourceInfo,
  });
});

it('reads the wait that the server asks for', () => {
  const details = decodeErrorDetails(encodeDetails('OVERLOADED', { retryDelayMs: 250 }));
  expect(retryDelayMs(details)).toBe(250);
  expect(retryDelayMs({ retryInfo: { retryDelay: { seconds: 2n, nanos: 5_000_000 } } })).toBe(2_005);
  expect(retryDelayMs({ retryInfo: { retryDelay: { seconds: -2n, nanos: 0 } } })).toBe(0);
  expect(retryDelayMs({})).toBe(0);
});

it('takes the first of several details of one type', () => {
  const details = ['CONFLICT', 'INTERNAL'].map((reason) =>
    packed('ErrorInfo', ErrorInfo.encode(errorInfo(reason)).finish()),
  );
  expect(errorDetailsOf({ code: 10, message: '', details }).errorInfo?.reason).toBe('CONFLICT');
});

it('leaves out a detail that is garbage or unknown, and keeps the others', () => {
  const details = [
    packed('BadRequest', Buffer.from('0affffffffff', 'hex')),
    packed('Help', Buffer.alloc(0)),
    packed('ErrorInfo', ErrorInfo.encode(errorInfo('CONFLICT')).finish()),
  ];
  expect(errorDetailsOf({ code: 10, message: '', details })).toEqual({ errorInfo: errorInfo('CONFLICT') });
});

it.each(['0affffffffff', 'ff', '1aff', '00'])('makes nothing of the trailer %s', (hex) => {
  expect(decodeErrorDetails(Buffer.from(hex, 'hex'))).toEqual({});
});

it('names the reasons of this ledger only', () => {
  expect(reasonOf({ errorInfo: errorInfo('PRICE_CHANGED') })).toBe('PRICE_CHANGED');
  expect(reasonOf({ errorInfo: errorInfo('PRICE_CHANGED', 'elsewhere') })).toBeUndefined();
  expect(reasonOf({ errorInfo: errorInfo('NEWER_THAN_THIS_CLIENT') })).toBeUndefined();
  expect(reasonOf({ errorInfo: errorInfo('UNSPECIFIED') })).toBeUndefined();
  expect(reasonOf({ errorInfo: errorInfo('toString') })).toBeUndefined();
  expect(reasonOf({})).toBeUndefined();
});
