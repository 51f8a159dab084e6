import { SortOrder } from '@ledger/proto/ledger/v1/ledger';
import { ListItemsResponse } from '@ledger/proto/ledger/v1/catalog_service';
import { ListEntriesResponse, type ListEntriesRequest } from '@ledger/proto/ledger/v1/ledger_service';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import type { RawAnswer, RawCall } from '../harness/raw-client';
import { refusalOf } from '../harness/refusal';
import { rawCalls } from '../harness/raw-calls';

/** What chooses rows; the page's size does not. */
const filter = {
  ...{ userId: 'ada', asset: 'GOLD', kinds: [1], order: SortOrder.OLDEST_FIRST },
  startTime: { seconds: 1n, nanos: 0 },
  endTime: { seconds: 200_000_000_000n, nanos: 0 },
};

let ledger: LedgerUnderTest;
let entriesToken = '';
let itemsToken = '';

beforeAll(async () => {
  ledger = await startLedger(2);
  await fill(ledger);
  entriesToken = (await entries({ pageSize: 1 })).nextPageToken;
  itemsToken = (await items({ pageSize: 1 })).nextPageToken;
});
afterAll(() => ledger.dispose());

describe('a page token', () => {
  it('goes on where its page ended, at any server, with any page size', async () => {
    for (const turn of [0, 1]) {
      const call = rawCalls.listEntries({ ...filter, pageToken: entriesToken, pageSize: 1 + turn });
      const { code, bytes } = await ledger.raw(turn).send(call);
      expect(code).toBe(0);
      const [entry] = ListEntriesResponse.decode(Buffer.from(bytes, 'hex')).entries;
      expect(entry).toMatchObject({ sequence: 2n });
    }
    expect((await items({ pageToken: itemsToken })).items).toMatchObject([{ itemId: 'b' }]);
  });

  it.each<[what: string, other: Partial<ListEntriesRequest>]>([
    ['user', { userId: 'bob' }],
    ['user that is a system account', { userId: '@issuance' }],
    ['asset', { asset: 'GOLD/2' }],
    ['order', { order: SortOrder.NEWEST_FIRST }],
    ['order, by default', { order: SortOrder.UNSPECIFIED }],
    ['set of kinds', { kinds: [1, 2] }],
    ['set of kinds, that is all', { kinds: [] }],
    ['start', { startTime: { seconds: 1n, nanos: 1_000 } }],
    ['start, that is none', { startTime: undefined }],
    ['end', { endTime: { seconds: 200_000_000_001n, nanos: 0 } }],
    ['end, that is none', { endTime: undefined }],
  ])('is refused for another %s', async (_what, other) => {
    expectForged(await send(rawCalls.listEntries({ ...filter, ...other, pageToken: entriesToken })));
  });

  it('is refused for items that are not sold beside those that are', async () => {
    expectForged(await send(rawCalls.listItems({ includeInactive: true, pageToken: itemsToken })));
  });

  it('is refused by another rpc', async () => {
    expectForged(await send(rawCalls.listEntries({ ...filter, pageToken: itemsToken })));
    expectForged(await send(rawCalls.listItems({ pageToken: entriesToken })));
  });

  it('is refused by the servers of another ledger', async () => {
    const other = await startLedger(1);
    try {
      await fill(other);
      expectForged(await other.raw().send(rawCalls.listEntries({ ...filter, pageToken: entriesToken })));
    } finally {
      await other.dispose();
    }
  });

  it('is refused when a single character of it is another one', async () => {
    for (let at = 0; at < entriesToken.length; at += 1) {
      for (const character of ['A', 'B', '_'].filter((other) => other !== entriesToken[at])) {
        const pageToken = entriesToken.slice(0, at) + character + entriesToken.slice(at + 1);
        expectForged(await send(rawCalls.listEntries({ ...filter, pageToken })));
      }
    }
  });

  it('is refused when it is cut off anywhere', async () => {
    for (let length = 1; length < entriesToken.length; length += 1) {
      expectForged(await send(rawCalls.listEntries({ ...filter, pageToken: entriesToken.slice(0, length) })));
    }
  });

  it.each<[what: string, forge: (token: string) => string]>([
    ['is followed by a character', (token) => `${token}A`],
    ['is followed by padding', (token) => `${token}=`],
    ['is followed by a space', (token) => `${token} `],
    ['is broken by a line break', (token) => `${token.slice(0, 4)}\n${token.slice(4)}`],
    ['comes twice', (token) => token + token],
    ['has bytes more in its position', (token) => withBytes(token, Buffer.of(0))],
    ['is in hex', (token) => Buffer.from(token, 'base64url').toString('hex')],
    ['has no position', (token) => Buffer.from(token, 'base64url').subarray(0, 17).toString('base64url')],
    ['is all zeros', () => Buffer.alloc(32).toString('base64url')],
    ['is a position alone', (token) => Buffer.from(token, 'base64url').subarray(17).toString('base64url')],
    ['is text', () => 'give me the next page'],
    ['is NUL', () => '\0'],
    ['is a letter beyond ASCII', () => 'é'],
  ])('is refused when it %s', async (_what, forge) => {
    const pageToken = forge(entriesToken);
    expect(pageToken).not.toBe(entriesToken);
    expectForged(await send(rawCalls.listEntries({ ...filter, pageToken })));
    expectForged(await send(rawCalls.listItems({ pageToken: forge(itemsToken) })));
  });
});

function withBytes(token: string, more: Buffer): string {
  return Buffer.concat([Buffer.from(token, 'base64url'), more]).toString('base64url');
}

function expectForged(answer: RawAnswer): void {
  expect(refusalOf(answer)).toMatchObject({
    ...{ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD', domain: 'ledger.v1' },
    ...{ fields: ['page_token'], metadata: { field: 'page_token' } },
    message: 'page_token must be a next_page_token of the same call with the same filter',
  });
}

async function fill(target: LedgerUnderTest): Promise<void> {
  for (const userId of ['ada', 'bob']) {
    for (let count = 0; count < 3; count += 1) {
      await target.client().credit({ userId, asset: 'GOLD', amount: 1n });
    }
  }
  for (const itemId of ['a', 'b']) {
    await target.client().putItem({ itemId, name: itemId, asset: 'GOLD', price: 1n, active: true });
  }
}

async function entries(page: { pageSize: number }): Promise<ListEntriesResponse> {
  const { bytes } = await send(rawCalls.listEntries({ ...filter, ...page }));
  return ListEntriesResponse.decode(Buffer.from(bytes, 'hex'));
}

async function items(page: { pageSize?: number; pageToken?: string }): Promise<ListItemsResponse> {
  const { bytes } = await send(rawCalls.listItems(page));
  return ListItemsResponse.decode(Buffer.from(bytes, 'hex'));
}

function send(call: RawCall): Promise<RawAnswer> {
  return ledger.raw().send(call);
}
