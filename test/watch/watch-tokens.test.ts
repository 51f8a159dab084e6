import type { LedgerClient, WatchEntriesRequest } from '@ledger/client';
import { PageTokens } from '../../services/ledger/src/mapping/page-token';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { startTestServer } from '../harness/test-server';
import { firstOf } from '../harness/watching';

const filter = { userId: 'ada', asset: 'GOLD' };

let ledger: LedgerUnderTest;
let token = '';

beforeAll(async () => {
  ledger = await startLedger(2);
  await ledger.client().credit({ ...filter, amount: 1n });
  const [first] = await firstOf(ledger.client(), { ...filter, fromStart: true }, 1);
  token = first!.resumeToken;
});
afterAll(() => ledger.dispose());

it.each<[what: string, request: WatchEntriesRequest, field: string]>([
  ['of another user', { ...filter, userId: 'bob' }, 'resume_token'],
  ['of all users', { asset: 'GOLD' }, 'resume_token'],
  ['of another asset', { ...filter, asset: 'SILVER' }, 'resume_token'],
  ['of all assets', { userId: 'ada' }, 'resume_token'],
  ['and from_start', { ...filter, fromStart: true }, 'from_start'],
])('a token comes with the request it is for, not with one %s', async (_what, request, field) => {
  await expectInvalid({ ...request, resumeToken: token }, field);
});

it('a token cannot be made up, cut or changed', async () => {
  const page = new PageTokens(Buffer.alloc(32)).seal(['WatchEntries', 'ada', 'GOLD'], Buffer.of(1));
  const changed = `${token.slice(0, -2)}${token.endsWith('AA') ? 'BB' : 'AA'}`;
  for (const resumeToken of ['x', page, changed, token.slice(0, -1), `${token}A`, 'A'.repeat(16_385)]) {
    await expectInvalid({ ...filter, resumeToken }, 'resume_token');
  }
});

it('a request has the shape that the contract gives it', async () => {
  await expectInvalid({ userId: 'no spaces' }, 'user_id');
  await expectInvalid({ userId: '@no/slash' }, 'user_id');
  await expectInvalid({ asset: 'gold' }, 'asset');
});

// Last: afterwards no server can be started any more.
it('rows that were restored under a running Postgres, ahead of its transaction ids, let no server start', async () => {
  await ledger.database.query(
    `INSERT INTO ledger.requests
     SELECT (jsonb_populate_record(r, jsonb_build_object(
              'user_id', 'bob', 'transaction_id', gen_random_uuid(), 'commit_order', 1000000000000))).*
       FROM ledger.requests r WHERE r.transaction_id IS NOT NULL`,
  );
  await expect(startTestServer(ledger.database.url)).rejects.toThrow(
    /Nothing is written until Postgres is restarted, which begins a new incarnation/,
  );
});

async function expectInvalid(request: WatchEntriesRequest, field: string): Promise<void> {
  for (const turn of [0, 1]) {
    const client: LedgerClient = ledger.client(turn);
    await expect(firstOf(client, request, 1)).rejects.toMatchObject({
      codeName: 'INVALID_ARGUMENT',
      reason: 'INVALID_FIELD',
      metadata: { field },
    });
  }
}
