import { ErrorInfo } from '@ledger/proto/google/rpc/error_details';
import { Entry, EntryKind, Hold, HoldState, Transaction } from '@ledger/proto/ledger/v1/ledger';
import { BatchWriteResponse, CaptureHoldResponse } from '@ledger/proto/ledger/v1/ledger_service';
import { documentOf, viewOf } from './message-view';

const captured = CaptureHoldResponse.fromPartial({
  transaction: Transaction.fromPartial({
    ...{ transactionId: 't', metadata: new Map([['$case', 'x']]) },
    entries: [
      Entry.fromPartial({
        ...{ kind: EntryKind.CAPTURE, change: -(2n ** 63n), hash: Buffer.from([251, 255]) },
        createTime: { seconds: 1_795_207_982n, nanos: 500_000_000 },
      }),
      // A kind of a newer server.
      { ...Entry.fromPartial({}), kind: 99 },
    ],
  }),
  hold: Hold.fromPartial({ state: HoldState.UNSPECIFIED }),
});

it('is proto3 JSON with the fields that have their default included', () => {
  expect(documentOf('CaptureHoldResponse', captured)).toMatchObject({
    transaction: {
      ...{ transactionId: 't', userId: '', metadata: { $case: 'x' } },
      entries: [
        {
          kind: 'ENTRY_KIND_CAPTURE',
          change: '-9223372036854775808',
          hash: '+/8=',
          createTime: '2026-11-20T20:53:02.500Z',
          stripe: 0,
        },
        { kind: 99 },
      ],
    },
    hold: { state: 'HOLD_STATE_UNSPECIFIED' },
  });
});

it('has a table for each path, with short enum names and times of one length', () => {
  const { tables } = viewOf('CaptureHoldResponse', captured, 'transaction.entries', 'transaction', 'balance');
  const [entries, transaction, balance] = tables;
  expect(entries?.columns.slice(0, 5)).toEqual(['transaction_id', 'kind', 'user_id', 'asset', 'stripe']);
  expect(entries?.rows.map((row) => [row[1], row[6], row[8]])).toEqual([
    ['CAPTURE', '-9223372036854775808', '2026-11-20T20:53:02.500000Z'],
    ['99', '0', ''],
  ]);
  expect(transaction?.rows).toEqual([['t', '', '', '', '', '', '', '{"$case":"x"}', '', '0']]);
  expect(balance?.rows).toEqual([]);
  expect(viewOf('CaptureHoldResponse', captured, 'hold').tables[0]?.rows[0]?.[5]).toBe('');
});

it('shows details of known types in full, and of other types their name', () => {
  const errorInfo = ErrorInfo.fromPartial({ reason: 'CONFLICT', domain: 'ledger.v1' });
  const details = [
    {
      typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo',
      value: Buffer.from(ErrorInfo.encode(errorInfo).finish()),
    },
    { typeUrl: 'type.googleapis.com/example.NewDetail', value: Buffer.from([10, 1, 65]) },
  ];
  const outcome = { $case: 'error', value: { code: 10, message: 'no', details } } as const;
  const response = BatchWriteResponse.fromPartial({ results: [{ outcome, replayed: true }] });
  expect(documentOf('BatchWriteResponse', response)).toEqual({
    results: [
      {
        error: {
          ...{ code: 10, message: 'no' },
          details: [
            {
              '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
              ...{ reason: 'CONFLICT', domain: 'ledger.v1', metadata: {} },
            },
            { '@type': 'type.googleapis.com/example.NewDetail' },
          ],
        },
        replayed: true,
      },
    ],
  });
});
