import { parseBatchFile } from './batch-file';

const TIME = '2026-11-20T20:53:02.5Z';

it('reads a batch with field names in camel and in snake case', () => {
  const note = { description: 'd', metadata: { $case: 'x' }, effective_time: TIME };
  const writes = [
    { credit: { requestId: 'r', userId: 'ada', asset: 'GOLD', amount: '9223372036854775807', ...note } },
    { purchase: { user_id: 'ada', item: { itemId: 'blt', quantity: 2 } } },
    { postTransaction: { userId: 'ada', legs: [{ userId: 'ada', asset: 'GOLD', change: '-1' }] } },
    { reverse_transaction: { userId: 'ada', transactionId: 't' } },
    { placeHold: { userId: 'ada', asset: 'GOLD', amount: 1, expireTime: '2126-01-01T00:00:00Z' } },
  ];
  expect(parseBatchFile(JSON.stringify({ writes, atomic: true }))).toMatchObject({
    atomic: true,
    writes: [
      {
        write: {
          $case: 'credit',
          value: {
            ...{ requestId: 'r', userId: 'ada', asset: 'GOLD', amount: 2n ** 63n - 1n },
            ...{ description: 'd', metadata: new Map([['$case', 'x']]) },
            effectiveTime: { seconds: 1_795_207_982n, nanos: 500_000_000 },
          },
        },
      },
      {
        write: {
          $case: 'purchase',
          value: { userId: 'ada', subject: { $case: 'item', value: { itemId: 'blt', quantity: 2n } } },
        },
      },
      {
        write: {
          $case: 'postTransaction',
          value: { legs: [{ userId: 'ada', asset: 'GOLD', change: -1n, expectedSequence: undefined }] },
        },
      },
      { write: { $case: 'reverseTransaction', value: { transactionId: 't' } } },
      {
        write: {
          $case: 'placeHold',
          value: { amount: 1n, expireTime: { seconds: 4_922_899_200n, nanos: 0 } },
        },
      },
    ],
  });
});

it.each([
  ['text that is not JSON', '{', "Expected property name or '}' in JSON"],
  ['a list instead of the batch', '[]', 'Array(0)'],
  ['a misspelt field', credit('"aset":"GOLD"'), 'writes[0].credit: key "aset" is unknown'],
  ['an inherited name', credit('"toString":"x"'), 'writes[0].credit: key "toString" is unknown'],
  ['an unknown write', '{"writes":[{"debit":{}}]}', 'writes[0]: key "debit" is unknown'],
  ['no write', '{"writes":[{}]}', 'writes[0]: one of credit, purchase, transfer,'],
  ['no subject', '{"writes":[{"purchase":{}}]}', 'writes[0].purchase: one of item, price is needed'],
  [
    'two writes in one',
    '{"writes":[{"credit":{},"transfer":{}}]}',
    'writes[0]: oneof set multiple times by credit and transfer',
  ],
  [
    'a field under both names',
    credit('"userId":"a","user_id":"b"'),
    'writes[0].credit.user_id: set multiple',
  ],
  ['a field twice', credit('"amount":1,"amount":2'), 'duplicate object key "amount"'],
  ['a fraction', credit('"amount":1.5'), 'writes[0].credit.amount: an integer is needed'],
  ['a decimal in quotes', credit('"amount":"1.0"'), 'writes[0].credit.amount: expected bigint (int64)'],
  ['an amount beyond 64 bits', credit('"amount":"9223372036854775808"'), 'writes[0].credit.amount: expected'],
  [
    'a number that JSON rounds',
    credit('"amount":9007199254740993'),
    'amount: an integer is needed, in quotes',
  ],
  ['a number as text', credit('"userId":7'), 'writes[0].credit.user_id: expected string, got 7'],
  [
    'a number in metadata',
    credit('"metadata":{"a":1}'),
    'writes[0].credit.metadata: map entry "a": expected',
  ],
  [
    'a time of no form',
    credit('"effectiveTime":"now"'),
    'writes[0].credit.effectiveTime: time now: RFC 3339',
  ],
  ['30 February', credit('"effective_time":"2026-02-30T00:00:00Z"'), 'writes[0].credit.effective_time: time'],
  [
    'an error in a list',
    '{"writes":[{"credit":{}},{"postTransaction":{"legs":[{},{"change":"x"}]}}]}',
    'writes[1].postTransaction.legs[1].change: expected bigint',
  ],
  ['an object instead of a list', '{"writes":{}}', 'writes: expected Array, got object'],
  ['text as a flag', '{"writes":[],"atomic":"yes"}', 'atomic: expected boolean, got "yes"'],
])('refuses %s', (_what, text, message) => {
  expect(() => parseBatchFile(text)).toThrow(message);
});

function credit(fields: string): string {
  return `{"writes":[{"credit":{${fields}}}]}`;
}
