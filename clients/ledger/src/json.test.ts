import { ErrorInfo } from '@ledger/proto/google/rpc/error_details';
import { Entry, EntryKind, Transaction } from '@ledger/proto/ledger/v1/ledger';
import * as ledger from '@ledger/proto/ledger/v1/ledger_service';
import { toJson } from './json';

it('writes a message as the JSON of Protobuf', () => {
  const transaction = Transaction.fromPartial({
    transactionId: 't1',
    kind: EntryKind.CREDIT,
    createTime: { seconds: 1_796_000_000n, nanos: 123_456_000 },
    metadata: new Map([['__proto__', 'x']]),
    entries: [Entry.fromPartial({ change: -(2n ** 63n), hash: Buffer.from([255, 0]) })],
  });
  const json = JSON.stringify(toJson('Transaction', transaction));
  expect(JSON.parse(json)).toMatchObject({
    transactionId: 't1',
    kind: 'ENTRY_KIND_CREDIT',
    createTime: '2026-11-30T00:53:20.123456Z',
    entries: [{ change: '-9223372036854775808', hash: '/wA=', sequence: '0', userId: '' }],
    reversibleAmount: '0',
  });
  expect(json).toContain('"__proto__":"x"');
});

it('writes what a method of the client returns, and the details of errors', () => {
  const response = { ...ledger.CreditResponse.fromPartial({ balance: {} }), replayed: true, position: 'p' };
  expect(toJson('CreditResponse', response)).toMatchObject({ balance: { balance: '0' } });
  const errorInfo = { reason: 'CONFLICT', domain: 'ledger.v1', metadata: new Map([['expected', '7']]) };
  const any = {
    typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo',
    value: Buffer.from(ErrorInfo.encode(errorInfo).finish()),
  };
  const value = { code: 10, message: 'stale', details: [any] };
  const result = ledger.BatchWriteResult.fromPartial({ outcome: { $case: 'error', value } });
  expect(toJson('BatchWriteResult', result)).toMatchObject({
    error: {
      code: 10,
      details: [{ '@type': any.typeUrl, reason: 'CONFLICT', metadata: { expected: '7' } }],
    },
  });
});

it.each(Object.keys(ledger).filter((name) => /(Request|Response)$/.test(name)))('writes a %s', (name) => {
  const codec: unknown = Reflect.get(ledger, name);
  const message = (codec as { fromPartial(partial: object): never }).fromPartial({});
  const json = toJson(name as 'CreditRequest', message);
  expect(JSON.stringify(json)).toMatch(/^\{/);
});

it('knows no other message', () => {
  expect(() => toJson('Nothing' as 'Balance', {} as never)).toThrow('Nothing is no message of the ledger');
});
