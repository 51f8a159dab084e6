import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { attemptFailure } from './attempt-failure';

function deadline(details: string): ServiceError {
  return Object.assign(new Error(details), {
    code: status.DEADLINE_EXCEEDED,
    details,
    metadata: new Metadata(),
  });
}

// What grpc-js says at the deadline of a call, see its resolving-call and load-balancing-call.
it.each([
  ['Deadline exceeded after 0.300s,name resolution: 0.001s,Waiting for LB pick'],
  ['Deadline exceeded after 0.321s,waiting for name resolution'],
])('a call that never had a connection was not sent: %s', (details) => {
  expect(attemptFailure(deadline(details))).toMatchObject({ code: status.UNAVAILABLE, notSent: true });
});

it('a call that had one may have been', () => {
  const failure = attemptFailure(
    deadline('Deadline exceeded after 0.300s,LB pick: 0.001s,remote_addr=127.0.0.1:50051'),
  );
  expect(failure).toMatchObject({ code: status.DEADLINE_EXCEEDED, notSent: false });
});
