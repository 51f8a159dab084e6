import { ErrorInfo } from '@ledger/proto/google/rpc/error_details';
import { Balance, Entry, EntryKind, Hold, HoldState, Transaction } from '@ledger/proto/ledger/v1/ledger';
import {
  BatchGetBalancesResponse,
  BatchWriteResponse,
  CaptureHoldResponse,
  PurchaseResponse,
} from '@ledger/proto/ledger/v1/ledger_service';
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
  const { tables } = viewOf(
    'CaptureHoldResponse',
    captured,
    {},
    'transaction.entries',
    'transaction',
    'balance',
  );
  const [entries, transaction, balance] = tables;
  expect(entries?.columns.slice(0, 5)).toEqual(['transaction_id', 'kind', 'user_id', 'asset', 'stripe']);
  expect(entries?.rows.map((row) => [row[1], row[6], row[8]])).toEqual([
    ['CAPTURE', '-9223372036854775808', '2026-11-20T20:53:02.500000Z'],
    ['99', '0', ''],
  ]);
  expect(transaction?.rows).toEqual([
    ['t', '', '', ' ', '-9223372036854775808 0', '', '', '', '', '{"$case":"x"}', '', '0'],
  ]);
  expect(balance?.rows).toEqual([]);
  expect(viewOf('CaptureHoldResponse', captured, {}, 'hold').tables[0]?.rows[0]?.[5]).toBe('');
});

const bought = PurchaseResponse.fromPartial({
  transaction: Transaction.fromPartial({
    ...{ userId: 'ada', reversibleAmount: 1n, item: { itemId: 'mug', unitPrice: 1234n, quantity: 1n } },
    entries: [
      Entry.fromPartial({ userId: 'ada', asset: 'USD/2', change: -1234n, balanceAfter: 6n }),
      Entry.fromPartial({ userId: '@revenue', asset: 'USD/2', change: 1234n, balanceAfter: 1234n }),
      Entry.fromPartial({ userId: 'ada', asset: 'COUPON:MUG', change: 1n, balanceAfter: 1n }),
      Entry.fromPartial({ userId: '@issuance', asset: 'COUPON:MUG', change: -1n, balanceAfter: -1n }),
    ],
  }),
  balance: { userId: 'ada', asset: 'USD/2', balance: 6n },
});

it.each<[minor: boolean, price: string, change: string, after: string, own: string]>([
  [false, '12.34', '-12.34', '0.06', '-12.34 1'],
  [true, '1234', '-1234', '6', '-1234 1'],
])(
  'shows amounts in the scale of their asset, or with --minor (%s) as integers',
  (minor, price, change, after, own) => {
    const paths = ['transaction', 'transaction.entries', 'transaction.item', 'balance'] as const;
    const { tables, document } = viewOf('PurchaseResponse', bought, { minor }, ...paths);
    const rows = tables.map((table) =>
      table.rows.map((row) => Object.fromEntries(row.map((cell, at) => [table.columns[at] ?? '', cell]))),
    );
    const [[transaction], [paid, , granted], [item], [balance]] = rows as [Row[], Row[], Row[], Row[]];
    // Of more than two entries the reversible amount is no amount.
    expect(transaction).toMatchObject({ asset: 'USD/2 COUPON:MUG', change: own, reversible_amount: '1' });
    expect(paid).toMatchObject({ asset: 'USD/2', change, balance_after: after });
    expect(granted).toMatchObject({ asset: 'COUPON:MUG', change: '1', balance_after: '1' });
    expect(item).toMatchObject({ unit_price: price, quantity: '1' });
    expect(balance).toMatchObject({ balance: after });
    expect(document).toMatchObject({
      transaction: { item: { unitPrice: '1234' } },
      balance: { balance: '6' },
    });
  },
);

it('shows the exact balance of a system account that 64 bits cannot hold', () => {
  const balance = {
    ...{ userId: '@issuance', asset: 'USD/2', balance: -(2n ** 63n) },
    exactBalance: '-100000000000000000000',
  };
  const entry = { asset: 'USD/2', balanceAfter: 2n ** 63n - 1n, exactBalanceAfter: '100000000000000000001' };
  const response = PurchaseResponse.fromPartial({ transaction: { entries: [entry] }, balance });
  const { tables } = viewOf('PurchaseResponse', response, {}, 'balance', 'transaction.entries');
  expect(tables[0]?.rows[0]).toContain('-1000000000000000000.00');
  expect(tables[1]?.rows[0]).toContain('1000000000000000000.01');
});

interface Row {
  readonly [column: string]: string;
}

it('has the exact sum in a table where int64 cannot hold it', () => {
  const exact = (3n * 2n ** 63n).toString();
  const revenue = { userId: '@revenue', balance: 2n ** 63n - 1n, held: 0n, available: 2n ** 63n - 1n };
  const balances = [
    Balance.fromPartial({ ...revenue, exactBalance: exact }),
    Balance.fromPartial({ ...revenue, userId: 'ada' }),
  ];
  const message = BatchGetBalancesResponse.fromPartial({ balances });
  const [table] = viewOf('BatchGetBalancesResponse', message, {}, 'balances').tables;
  const max = (2n ** 63n - 1n).toString();
  expect(table?.rows.map((row) => row.slice(2, 5))).toEqual([
    [exact, '0', exact],
    [max, '0', max],
  ]);
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
