import { status } from '@grpc/grpc-js';
import { LedgerClient } from './ledger-client';
import { type ScriptedLedger, startScriptedLedger } from './testing/scripted-ledger';
import { fails, refuses, replies, type Step } from './testing/steps';

const account = { userId: 'ada', asset: 'GOLD' };

let server: ScriptedLedger;
let client: LedgerClient;

async function start(...listEntries: Step<'listEntries'>[]): Promise<void> {
  server = await startScriptedLedger({ listEntries });
  client = new LedgerClient({ address: server.address, retry: { initialBackoffMs: 1, maxBackoffMs: 2 } });
}

afterEach(() => {
  client.close();
  server.close();
});

function page(sequences: bigint[], nextPageToken = ''): Step<'listEntries'> {
  return replies({ entries: sequences.map((sequence) => ({ sequence })), nextPageToken });
}

function pageTokens(): string[] {
  return server.requests('listEntries').map(({ pageToken }) => pageToken);
}

it('gives all items, page after page', async () => {
  await start(page([1n, 2n], 'p2'), page([], 'p3'), page([3n]));
  const sequences: bigint[] = [];
  for await (const { sequence } of client.listEntries({ ...account, pageSize: 2 })) sequences.push(sequence);
  expect(sequences).toEqual([1n, 2n, 3n]);
  expect(pageTokens()).toEqual(['', 'p2', 'p3']);
  expect(server.requests('listEntries').every(({ pageSize }) => pageSize === 2)).toBe(true);
});

it('fetches a page only when the one before it was read, and none after the loop was left', async () => {
  await start(page([1n, 2n], 'p2'), page([3n, 4n], 'p3'), page([5n]));
  const listing = client.listEntries(account);
  expect(server.calls).toHaveLength(0);
  const fetched: number[] = [];
  for await (const { sequence } of listing) {
    fetched.push(server.calls.length);
    if (sequence === 3n) break;
  }
  expect(fetched).toEqual([1, 1, 2]);
  expect(pageTokens()).toEqual(['', 'p2']);
});

it('gives the pages with their tokens', async () => {
  await start(page([1n], 'p2'), page([2n]));
  const tokens: string[] = [];
  for await (const { nextPageToken } of client.listEntries(account).pages()) tokens.push(nextPageToken);
  expect(tokens).toEqual(['p2', '']);
});

it('gives one page when awaited, and asks for it once', async () => {
  await start(page([1n], 'p2'), page([2n]));
  const listing = client.listEntries(account);
  const { entries, nextPageToken } = await listing;
  expect(entries.map(({ sequence }) => sequence)).toEqual([1n]);
  expect(nextPageToken).toBe('p2');
  expect((await listing).nextPageToken).toBe('p2');
  expect(server.calls).toHaveLength(1);
});

it('begins at the page of the request', async () => {
  await start(page([7n], 'p8'), page([8n]));
  for await (const entry of client.listEntries({ ...account, pageToken: 'p7' })) void entry;
  expect(pageTokens()).toEqual(['p7', 'p8']);
});

it('tries a page again that failed on the way', async () => {
  await start(page([1n], 'p2'), fails(status.UNAVAILABLE), page([2n]));
  const sequences: bigint[] = [];
  for await (const { sequence } of client.listEntries(account)) sequences.push(sequence);
  expect(sequences).toEqual([1n, 2n]);
  expect(pageTokens()).toEqual(['', 'p2', 'p2']);
});

it('rejects with the error of a page', async () => {
  const forged = refuses('INVALID_FIELD');
  await start(page([1n], 'p2'), forged, forged);
  const sequences: bigint[] = [];
  const read = async (): Promise<void> => {
    for await (const { sequence } of client.listEntries(account)) sequences.push(sequence);
  };
  await expect(read()).rejects.toMatchObject({ reason: 'INVALID_FIELD', method: 'listEntries' });
  expect(sequences).toEqual([1n]);
  await expect(client.listEntries(account)).rejects.toMatchObject({ reason: 'INVALID_FIELD' });
});
