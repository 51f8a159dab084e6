import { parseBatchFile } from './batch-file';

it('reads every kind of write, in either spelling of the names', () => {
  const note = { description: 'd', metadata: { $case: 'x' }, effective_time: '2026-11-20T20:53:02.5Z' };
  const writes = [
    { credit: { requestId: 'r', userId: 'ada', asset: 'GOLD', amount: '9223372036854775807', ...note } },
    { purchase: { user_id: 'ada', item: { itemId: 'blt', quantity: 2 } } },
    { purchase: { userId: 'ada', price: { asset: 'GOLD', amount: '3' } } },
    { transfer: { from_user_id: 'ada', toUserId: 'bob', asset: 'GOLD', amount: 1 } },
    { postTransaction: { userId: 'ada', legs: [{ userId: 'ada', asset: 'GOLD', change: '-1' }] } },
    { reverse_transaction: { userId: 'ada', transactionId: 't' } },
    { placeHold: { userId: 'ada', asset: 'GOLD', amount: 1, expireTime: '2126-01-01T00:00:00Z' } },
    { captureHold: { userId: 'ada', holdId: 'h' } },
    { releaseHold: { userId: 'ada', holdId: 'h' } },
  ];
  const batch = parseBatchFile(JSON.stringify({ writes, atomic: true }));
  expect(batch.atomic).toBe(true);
  expect(batch.writes.map(({ write }) => write)).toEqual([
    {
      $case: 'credit',
      value: {
        ...{ requestId: 'r', userId: 'ada', asset: 'GOLD', amount: 2n ** 63n - 1n },
        ...{ description: 'd', metadata: { $case: 'x' } },
        effectiveTime: { seconds: 1_795_207_982n, nanos: 500_000_000 },
      },
    },
    {
      $case: 'purchase',
      value: { userId: 'ada', subject: { $case: 'item', value: { itemId: 'blt', quantity: 2n } } },
    },
    {
      $case: 'purchase',
      value: { userId: 'ada', subject: { $case: 'price', value: { asset: 'GOLD', amount: 3n } } },
    },
    { $case: 'transfer', value: { fromUserId: 'ada', toUserId: 'bob', asset: 'GOLD', amount: 1n } },
    {
      $case: 'postTransaction',
      value: { userId: 'ada', legs: [{ userId: 'ada', asset: 'GOLD', change: -1n }] },
    },
    { $case: 'reverseTransaction', value: { userId: 'ada', transactionId: 't' } },
    {
      $case: 'placeHold',
      value: {
        ...{ userId: 'ada', asset: 'GOLD', amount: 1n },
        expireTime: { seconds: 4_922_899_200n, nanos: 0 },
      },
    },
    { $case: 'captureHold', value: { userId: 'ada', holdId: 'h' } },
    { $case: 'releaseHold', value: { userId: 'ada', holdId: 'h' } },
  ]);
});

it.each([
  ['no JSON', '{', 'the batch is no JSON'],
  ['no object', '[]', 'the batch: an object is needed'],
  [
    'a misspelt field',
    '{"writes":[{"credit":{"aset":"GOLD"}}]}',
    'writes[0].credit.aset: there is no such field',
  ],
  ['an inherited name', '{"writes":[{"credit":{"toString":"x"}}]}', 'writes[0].credit.toString: there is no'],
  ['an unknown write', '{"writes":[{"debit":{}}]}', 'writes[0].debit: there is no such field'],
  ['no write', '{"writes":[{}]}', 'writes[0]: one of credit, purchase,'],
  ['two writes in one', '{"writes":[{"credit":{},"transfer":{}}]}', 'writes[0]: a field is there twice'],
  [
    'a field twice',
    '{"writes":[{"credit":{"userId":"a","user_id":"b"}}]}',
    'writes[0].credit: a field is there twice',
  ],
  ['a fraction', '{"writes":[{"credit":{"amount":1.5}}]}', 'writes[0].credit.amount: an integer is needed'],
  [
    'a number that JSON rounds',
    '{"writes":[{"credit":{"amount":9007199254740993}}]}',
    'in quotes when it is large',
  ],
  [
    'a text that is none',
    '{"writes":[{"credit":{"userId":7}}]}',
    'writes[0].credit.userId: a text is needed',
  ],
  [
    'pairs that are none',
    '{"writes":[{"credit":{"metadata":{"a":1}}}]}',
    'writes[0].credit.metadata.a: a text',
  ],
  ['a list that is none', '{"writes":{}}', 'writes: a list is needed'],
  ['a flag that is none', '{"writes":[],"atomic":"yes"}', 'atomic: true or false is needed'],
])('refuses %s', (_what, text, message) => {
  expect(() => parseBatchFile(text)).toThrow(message);
});
