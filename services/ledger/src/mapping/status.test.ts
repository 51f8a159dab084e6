import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { status as GrpcCode } from '@grpc/grpc-js';
import { ErrorInfo } from '@ledger/proto/google/rpc/error_details';
import { Status } from '@ledger/proto/google/rpc/status';
import { ErrorReason } from '@ledger/proto/ledger/v1/error_reason';
import { errorCodec, type Reason } from './status';

const proto = readFileSync(join(__dirname, '../../../../proto/ledger/v1/error_reason.proto'), 'utf8');

/** Each reason of the contract with its comment. */
const documented = [...proto.matchAll(/((?: {2}\/\/.*\n)+) {2}ERROR_REASON_(\w+) = (\d+);/g)].map(
  ([, comment = '', name = '', number]) => ({
    name,
    number: Number(number),
    comment: comment
      .replaceAll(/ *\/\/ */g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  }),
);
const sent = documented.filter(({ name }) => name !== 'UNSPECIFIED');

it('has every reason of the contract, and no other', () => {
  const numbers = Object.fromEntries(documented.map(({ name, number }) => [name, number]));
  expect(sent).toHaveLength(25);
  expect(Object.entries(ErrorReason).filter(([, value]) => typeof value === 'number')).toEqual(
    expect.arrayContaining(Object.entries(numbers)),
  );
  // UNSPECIFIED, and UNRECOGNIZED of the generator.
  expect(Object.values(ErrorReason).filter((value) => typeof value === 'number')).toHaveLength(
    sent.length + 2,
  );
});

it.each(sent)('gives $name the code that its comment names', ({ name, comment }) => {
  // A reason of the contract that the server does not know would have no code here.
  const reason = name as Reason;
  const { code, bytes } = errorCodec.encode({ reason, message: 'text', metadata: { key: 'value' } });
  expect(GrpcCode[code]).toBe(/^[A-Z_]+/.exec(comment)?.[0]);

  const { details, ...shown } = Status.decode(bytes);
  expect(shown).toEqual({ code, message: 'text' });
  expect(details[0]!.typeUrl).toBe('type.googleapis.com/google.rpc.ErrorInfo');
  expect(ErrorInfo.decode(details[0]!.value)).toEqual({
    ...{ reason: name, domain: 'ledger.v1', metadata: new Map([['key', 'value']]) },
  });
});

it.each<[detail: string | undefined, reasons: Reason[]]>([
  ['BadRequest', ['INVALID_FIELD']],
  [
    'PreconditionFailure',
    [
      ...([
        'INSUFFICIENT_FUNDS',
        'ACCOUNT_FROZEN',
        'ITEM_INACTIVE',
        'PRICE_CHANGED',
        'HOLD_NOT_OPEN',
      ] as const),
      ...(['CAPTURE_EXCEEDS_HOLD', 'REVERSAL_EXCEEDS_ORIGINAL', 'NOT_REVERSIBLE'] as const),
      'LIMIT_EXCEEDED' as const,
    ],
  ],
  ['ResourceInfo', ['ITEM_NOT_FOUND', 'TRANSACTION_NOT_FOUND', 'HOLD_NOT_FOUND', 'REQUEST_NOT_FOUND']],
  ['RetryInfo', ['OVERLOADED', 'STORE_UNAVAILABLE', 'CLOCK_BEHIND', 'ACCOUNT_LOCKED']],
  [
    undefined,
    [
      ...(['AMOUNT_OVERFLOW', 'REQUEST_ID_REUSED', 'CONFLICT', 'NOT_STARTED', 'INTERNAL'] as const),
      ...(['HISTORY_DIVERGED', 'ANSWER_TOO_LARGE'] as const),
    ],
  ],
])('adds %s where it fits', (detail, reasons) => {
  for (const reason of reasons) {
    const { details } = Status.decode(errorCodec.encode({ reason, message: 'text' }).bytes);
    const [, more] = details.map(({ typeUrl }) => typeUrl.slice(typeUrl.lastIndexOf('.') + 1));
    expect(more).toBe(detail);
    expect(details.length).toBe(detail === undefined ? 1 : 2);
  }
});
