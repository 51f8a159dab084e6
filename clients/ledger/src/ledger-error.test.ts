import { status } from '@grpc/grpc-js';
import { ErrorInfo, RetryInfo } from '@ledger/proto/google/rpc/error_details';
import { LedgerError } from './ledger-error';

const details = {
  errorInfo: ErrorInfo.fromPartial({
    domain: 'ledger.v1',
    reason: 'OVERLOADED',
    metadata: new Map([['limit', '8']]),
  }),
  retryInfo: RetryInfo.fromPartial({ retryDelay: { seconds: 1n } }),
};

it('can be written as JSON, in spite of its bigints', () => {
  const error = new LedgerError({
    code: status.RESOURCE_EXHAUSTED,
    text: 'full',
    method: 'credit',
    details,
    requestId: 'r1',
    attempts: 2,
    outcomeUnknown: true,
  });
  expect(JSON.parse(JSON.stringify({ error }))).toEqual({
    error: {
      name: 'LedgerError',
      message: 'credit: RESOURCE_EXHAUSTED (OVERLOADED): full',
      code: 8,
      codeName: 'RESOURCE_EXHAUSTED',
      reason: 'OVERLOADED',
      metadata: { limit: '8' },
      requestId: 'r1',
      method: 'credit',
      attempts: 2,
      outcomeUnknown: true,
      retryable: true,
    },
  });
});

it('names a code that gRPC does not know', () => {
  expect(new LedgerError({ code: 99, text: '', method: 'credit' }).codeName).toBe('CODE_99');
});

it.each([
  [status.FAILED_PRECONDITION, false],
  [status.UNAVAILABLE, true],
])('of a batch result with code %i leaves the outcome unknown: %s', (code, outcomeUnknown) => {
  const error = LedgerError.fromStatus(
    { code, message: 'no', details: [] },
    { method: 'credit', replayed: true },
  );
  expect(error).toMatchObject({ code, outcomeUnknown, replayed: true, attempts: 1 });
});
