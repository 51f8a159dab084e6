import type { BatchWriteRequest, LedgerClient } from '@ledger/client';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { faultsOf, firstOf, keyOf, storedKeys } from '../harness/watching';

/** More entries than the server reads at once, in every way in which they can lie. */
const TOGETHER = 700;
const LIVELY = 620;
const CALM_ASSETS = 12;

let ledger: LedgerUnderTest;

beforeAll(async () => {
  ledger = await startLedger(1);
  await fill(ledger.client());
});
afterAll(() => ledger.dispose());

describe('a stream over many pages', () => {
  it.each([
    ['the whole ledger', {}],
    ['a user of many assets', { userId: 'collector' }],
    [
      'a system account that one database transaction booked on more often than a page has entries',
      { userId: '@bulk', asset: 'DUST' },
    ],
    ['a system account of all assets', { userId: '@bulk' }],
    ['an asset', { asset: 'LIVELY' }],
  ])('gives all of %s in order', async (_what, filter) => {
    const stored = await storedKeys(ledger.database);
    const expected = stored
      .filter(
        ({ userId, asset }) =>
          ('userId' in filter ? userId === filter.userId : true) &&
          ('asset' in filter ? asset === filter.asset : true),
      )
      .map(keyOf);
    expect(expected.length).toBeGreaterThan(500);
    const found = await firstOf(ledger.client(), { ...filter, fromStart: true }, expected.length);
    const keys = found.map(({ entry }) => keyOf(entry!));
    expect(faultsOf(keys)).toEqual([]);
    expect(keys).toEqual(expected);
  });

  it('really had more entries in one commit order than fit a page', async () => {
    const [row] = await ledger.database.query<{ most: number }>(
      `SELECT max(n)::int AS most FROM (SELECT count(*) AS n FROM ledger.transactions GROUP BY commit_order) c`,
    );
    expect(row!.most).toBe(TOGETHER);
  });
});

async function fill(client: LedgerClient): Promise<void> {
  const collected = ['LIVELY', ...Array.from({ length: CALM_ASSETS }, (_, n) => `CALM_${n}`)];
  const credits = Array.from({ length: LIVELY + CALM_ASSETS * 9 }, (_, n) => {
    // One asset has most of the entries and comes last of its commit order; the others come up one after the other.
    const asset = n % 7 === 0 ? collected[1 + (Math.floor(n / 50) % CALM_ASSETS)]! : 'LIVELY';
    return credit('collector', asset, `collect-${n}`);
  });
  await client.batchWrite({ writes: credits });
  const together = Array.from({ length: TOGETHER }, (_, n) => credit(`user-${n % 90}`, 'DUST', `dust-${n}`));
  await client.batchWrite({ requestId: 'together', atomic: true, writes: together });
  await client.credit({ userId: 'user-1', asset: 'DUST', amount: 1n, source: '@bulk' });
}

function credit(
  userId: string,
  asset: string,
  requestId: string,
): NonNullable<BatchWriteRequest['writes']>[number] {
  return { write: { $case: 'credit', value: { requestId, userId, asset, amount: 1n, source: '@bulk' } } };
}
