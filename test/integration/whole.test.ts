import { createTestDatabase } from '../support/test-database';
import { startTestServer } from '../support/test-server';

test('whole ledger smoke', async () => {
  const database = await createTestDatabase();
  const server = await startTestServer(database.url);
  const c = server.client;
  try {
  await c.credit({ userId: 'a', asset: 'X', amount: 100n });
  const t = await c.transfer({ fromUserId: 'a', toUserId: 'b', asset: 'X', amount: 30n });
  expect(t.balance?.balance).toBe(70n);
  const r1 = await c.reverseTransaction({ userId: 'a', transactionId: t.transaction!.transactionId, amount: 10n });
  expect(r1.balances.map((b: any) => b.balance)).toEqual([80n, 20n]);
  const g = await c.getTransaction({ transactionId: t.transaction!.transactionId });
  expect(g.transaction?.reversibleAmount).toBe(20n);
  await expect(c.reverseTransaction({ userId: 'a', transactionId: t.transaction!.transactionId, amount: 21n })).rejects.toMatchObject({ reason: 'REVERSAL_EXCEEDS_ORIGINAL' });
  await c.reverseTransaction({ userId: 'a', transactionId: t.transaction!.transactionId });
  const p = await c.postTransaction({ userId: 'a', legs: [{ userId: 'a', asset: 'X', change: -5n, expectedSequence: 4n }, { userId: 'b', asset: 'X', change: 5n }, { userId: 'a', asset: 'Y', change: 7n }, { userId: '@issuance', asset: 'Y', change: -7n }] });
  expect(p.balances.length).toBe(3);
  const h = await c.placeHold({ userId: 'a', asset: 'X', amount: 50n });
  expect(h.balance?.available).toBe(45n);
  const cap = await c.captureHold({ userId: 'a', holdId: h.hold!.holdId, amount: 20n });
  expect(cap.balance).toMatchObject({ balance: 75n, held: 0n });
  await expect(c.releaseHold({ userId: 'a', holdId: h.hold!.holdId })).rejects.toMatchObject({ reason: 'HOLD_NOT_OPEN' });
  const now = Date.now();
  const h2 = await c.placeHold({ userId: 'a', asset: 'X', amount: 75n, expireTime: { seconds: BigInt(Math.floor(now / 1000) + 1), nanos: 0 } });
  await expect(c.purchase({ userId: 'a', subject: { $case: 'price', value: { asset: 'X', amount: 1n } } })).rejects.toMatchObject({ reason: 'INSUFFICIENT_FUNDS' });
  for (;;) { const b = await c.getBalance({ userId: 'a', asset: 'X' }); if (b.balance?.held === 0n) break; }
  await c.purchase({ userId: 'a', subject: { $case: 'price', value: { asset: 'X', amount: 75n } } });
  const gh = await c.getHold({ userId: 'a', holdId: h2.hold!.holdId });
  expect(gh.hold?.state).toBe(4);
  const acc = await c.updateAccount({ userId: 'a', asset: 'X', frozen: true, minBalance: -10n, metadata: { k: 'v' }, updateMask: ['frozen', 'min_balance', 'metadata'] } as any);
  expect(acc.account).toMatchObject({ frozen: true, minBalance: -10n });
  await expect(c.purchase({ userId: 'a', subject: { $case: 'price', value: { asset: 'X', amount: 1n } } })).rejects.toMatchObject({ reason: 'ACCOUNT_FROZEN' });
  expect((await c.getAccount({ userId: 'a', asset: 'X' })).account).toMatchObject({ frozen: true, metadata: { k: 'v' } });
  const ts = []; for await (const x of c.listTransactions({ userId: 'a', pageSize: 2 })) ts.push(x.kind);
  expect(ts.length).toBe(7);
  const ents = []; for await (const x of c.listEntries({ userId: '@issuance', asset: 'X', pageSize: 1 })) ents.push(x);
  expect(ents.length).toBe(1);
  const tt = t.transaction!.createTime!;
  expect((await c.getBalance({ userId: 'a', asset: 'X', asOf: { $case: 'asOfTime', value: tt } })).balance).toMatchObject({ balance: 70n, sequence: 2n });
  expect((await c.getBalance({ userId: 'a', asset: 'X', asOf: { $case: 'asOfSequence', value: 1n } })).balance).toMatchObject({ balance: 100n, sequence: 1n });
  const es = []; for await (const x of c.listEntries({ userId: 'a', asset: 'X', startTime: tt })) es.push(x.sequence);
  console.log(es, server.faults);
  const bs = []; for await (const x of c.listBalances({ userId: 'a' })) bs.push([x.asset, x.balance]);
  console.log(bs, (await c.getRequest({ userId: 'a', requestId: t.transaction!.requestId })));
  const hs = []; for await (const x of c.listHolds({ userId: 'a' })) hs.push(x.state);
  console.log(hs);
  } finally { console.log(server.faults); await server.stop(); await database.drop(); }
});
