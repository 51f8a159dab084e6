import { createTestDatabase } from '../support/test-database';
import { startTestServer } from '../support/test-server';

test('batch smoke', async () => {
  const database = await createTestDatabase();
  const server = await startTestServer(database.url);
  const c = server.client;
  try {
    const credit = (id: string, amount: bigint, userId = 'a') => ({ write: { $case: 'credit' as const, value: { requestId: id, userId, asset: 'X', amount } } });
    const purchase = (id: string, amount: bigint) => ({ write: { $case: 'purchase' as const, value: { requestId: id, userId: 'a', subject: { $case: 'price' as const, value: { asset: 'X', amount } } } } });
    await c.credit({ requestId: 'one', userId: 'a', asset: 'X', amount: 5n });
    const r: any = await c.batchWrite({ writes: [credit('one', 5n), credit('two', 7n), purchase('three', 100n), credit('two', 7n), credit('two', 8n)] });
    console.log(r.results.map((x: any) => [x.outcome?.$case, x.replayed]));
    const a: any = await c.batchWrite({ requestId: 'env', atomic: true, writes: [credit('four', 1n), purchase('five', 1000n)] }).catch((e: any) => e);
    console.log(a.message, a.reason, a.metadata);
    expect((await c.getBalance({ userId: 'a', asset: 'X' })).balance?.balance).toBe(12n);
    const a2: any = await c.batchWrite({ requestId: 'env', atomic: true, writes: [credit('four', 1n), purchase('five', 1000n)] }).catch((e: any) => e);
    console.log(a2.replayed, a2.reason);
    const b: any = await c.batchWrite({ requestId: 'env2', atomic: true, writes: [credit('four', 1n), purchase('six', 13n), credit('two', 7n)] });
    console.log(b.replayed, b.results.map((x: any) => [x.outcome?.$case, x.replayed]));
    const b2: any = await c.batchWrite({ requestId: 'env2', atomic: true, writes: [credit('four', 1n), purchase('six', 13n), credit('two', 7n)] });
    console.log(b2.replayed, b2.results.length);
    const bad: any = await c.batchWrite({ writes: [credit('x', 1n), credit('y', 0n)] }).catch((e: any) => e);
    console.log(bad.message);
    const t0 = Date.now();
    const big: any = await c.batchWrite({ writes: Array.from({ length: 10000 }, (_, i) => credit(`big-${i}`, 1n, `u${i % 500}`)) }, { timeoutMs: 30000 }).catch((e: any) => e);
    console.log(big.message ?? big.results.filter((x: any) => x.outcome?.$case === 'credit').length, Date.now() - t0);
  } finally { console.log(server.faults); await server.stop(); await database.drop(); }
}, 60000);
