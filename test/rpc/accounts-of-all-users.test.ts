import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';

/** In byte order. */
const users = ['Shop', 'shop', 'shop-1', 'shop-10', 'shop-2', 'shop~', 'shoq', '~'];
const assets = ['GOLD', 'USD/2'];

let ledger: LedgerUnderTest;

beforeAll(async () => {
  ledger = await startLedger(2);
  for (const userId of [...users].reverse()) {
    for (const asset of assets) await ledger.client().credit({ userId, asset, amount: 5n });
  }
});
afterAll(() => ledger.dispose());

it.each<[prefix: string, found: readonly string[]]>([
  ['', ['@issuance', ...users]],
  ['@', ['@issuance']],
  ['shop', ['shop', 'shop-1', 'shop-10', 'shop-2', 'shop~']],
  ['shop-', ['shop-1', 'shop-10', 'shop-2']],
  ['shop-1', ['shop-1', 'shop-10']],
  ['shop~', ['shop~']],
  ['~', ['~']],
  ['nobody', []],
  // Nothing stands for any character.
  ['shop_', []],
  ['%', []],
])('lists the accounts of the users whose ids begin with "%s", page by page', async (prefix, found) => {
  const expected = found.flatMap((userId) => assets.map((asset) => `${userId} ${asset}`));
  for (const pageSize of [1, 3, 1_000]) {
    const listed: string[] = [];
    for await (const page of ledger.client().listAccounts({ userIdPrefix: prefix, pageSize }).pages()) {
      expect(page.accounts.length).toBeLessThanOrEqual(pageSize);
      listed.push(...page.accounts.map(({ userId, asset }) => `${userId} ${asset}`));
    }
    expect(listed).toEqual(expected);
  }
});

it('shows accounts as they are, system accounts summed over their stripes', async () => {
  const { accounts } = await ledger.client().listAccounts({ userIdPrefix: '@iss' });
  expect(accounts).toMatchObject(
    assets.map((asset) => ({ asset, balance: -5n * BigInt(users.length), sequence: BigInt(users.length) })),
  );
  const { accounts: own } = await ledger.client().listAccounts({ userIdPrefix: 'shop-2', pageSize: 1 });
  expect(own[0]).toEqual((await ledger.client().getAccount({ userId: 'shop-2', asset: 'GOLD' })).account);
});

it('takes the token of a page at any server, with the same user or prefix alone', async () => {
  const { nextPageToken: pageToken } = await ledger
    .client(0)
    .listAccounts({ userIdPrefix: 's', pageSize: 3 });
  const next = await ledger.client(1).listAccounts({ userIdPrefix: 's', pageSize: 1, pageToken });
  expect(next.accounts).toMatchObject([{ userId: 'shop-1', asset: 'USD/2' }]);
  const { nextPageToken: ofUser } = await ledger.client().listAccounts({ userId: 'shop', pageSize: 1 });
  for (const other of [
    ...[
      { userIdPrefix: '', pageToken },
      { userIdPrefix: 'sh', pageToken },
      { userId: 's', pageToken },
    ],
    ...[
      { userIdPrefix: 'shop', pageToken: ofUser },
      { userId: 'shop-1', pageToken: ofUser },
    ],
  ]) {
    await expect(ledger.client().listAccounts(other)).rejects.toMatchObject({
      reason: 'INVALID_FIELD',
      metadata: { field: 'page_token' },
    });
  }
});

it.each([
  ['neither a user nor a prefix', {}, 'user_id'],
  ['a user and a prefix', { userId: 'shop', userIdPrefix: 'shop' }, 'user_id'],
  ['a user and an empty prefix', { userId: 'shop', userIdPrefix: '' }, 'user_id'],
  ['a prefix with a space', { userIdPrefix: 'a b' }, 'user_id_prefix'],
  ['a prefix that no id is as long as', { userIdPrefix: 'a'.repeat(129) }, 'user_id_prefix'],
])('refuses %s', async (_what, request, field) => {
  await expect(ledger.client().listAccounts(request)).rejects.toMatchObject({
    reason: 'INVALID_FIELD',
    metadata: { field },
  });
});
