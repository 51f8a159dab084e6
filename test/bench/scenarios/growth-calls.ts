import { credentials } from '@grpc/grpc-js';
import {
  GetBalanceRequest,
  LedgerServiceClient,
  ListEntriesRequest,
  PurchaseRequest,
  type ListEntriesResponse,
} from '@ledger/proto/ledger/v1/ledger_service';
import type { ListedCall } from '../load/load-spec';
import type { Method } from '../load/traffic';
import { ASSET } from '../users';

/** An account with a given number of entries. */
export interface GrownAccount {
  readonly length: number;
  readonly middleSequence: bigint;
  /** Epoch micros. */
  readonly middleTime: bigint;
}

/** The owner of the account with that many entries. */
export function grownUser(length: number): string {
  return `grown-${length}`;
}

/** What is measured of the ledger. Writes come last. */
export const ledgerOperations = [
  'balance',
  'balance as of a time',
  'balance as of a sequence',
  'first page',
  'last page',
  'purchase',
] as const;
export type OperationName = (typeof ledgerOperations)[number];

/** What the design without stored balances can do. */
export const sumOperations = ['balance', 'purchase'] as const satisfies readonly OperationName[];

const PAGE = 50;
const PAGE_MAX = 1_000;

/** The given number of calls for each account, in turn. The group of a call is the index of its account. */
export async function operationCalls(
  address: string,
  operation: OperationName,
  accounts: readonly GrownAccount[],
  { calls, run }: { readonly calls: number; readonly run: number },
): Promise<ListedCall[]> {
  const tokens = operation === 'last page' ? await lastPageTokens(address, accounts) : [];
  return Array.from({ length: calls }, (_, turn) =>
    accounts.map((account, group): ListedCall => {
      const userId = grownUser(account.length);
      const requestId = `growth-${run}-${turn}-${group}`;
      const [method, message] = messageOf(operation, account, {
        userId,
        requestId,
        token: tokens[group] ?? '',
      });
      const mark = operation === 'purchase' ? requestId : userId;
      return { method, message: Buffer.from(message).toString('base64'), mark, group, operations: 1 };
    }),
  ).flat();
}

interface Parts {
  readonly userId: string;
  readonly requestId: string;
  readonly token: string;
}

function messageOf(
  operation: OperationName,
  { middleSequence, middleTime }: GrownAccount,
  { userId, requestId, token }: Parts,
): [method: Method, message: Uint8Array] {
  const balance = (asOf?: GetBalanceRequest['asOf']): [Method, Uint8Array] => [
    'balance',
    GetBalanceRequest.encode(GetBalanceRequest.fromPartial({ userId, asset: ASSET, asOf })).finish(),
  ];
  const page = (pageToken: string): [Method, Uint8Array] => [
    'page',
    ListEntriesRequest.encode(
      ListEntriesRequest.fromPartial({ userId, asset: ASSET, pageSize: PAGE, pageToken }),
    ).finish(),
  ];
  switch (operation) {
    case 'purchase': {
      const subject = { $case: 'price', value: { asset: ASSET, amount: 1n } } as const;
      const request = PurchaseRequest.fromPartial({ requestId, userId, subject });
      return ['purchase', PurchaseRequest.encode(request).finish()];
    }
    case 'balance':
      return balance();
    case 'balance as of a time': {
      const nanos = Number(middleTime % 1_000_000n) * 1_000;
      return balance({ $case: 'asOfTime', value: { seconds: middleTime / 1_000_000n, nanos } });
    }
    case 'balance as of a sequence':
      return balance({ $case: 'asOfSequence', value: middleSequence });
    case 'first page':
      return page('');
    case 'last page':
      return page(token);
  }
}

/** Tokens by account length. They stay valid, because newer entries come on earlier pages. */
const known = new Map<number, string>();

/** The tokens of the pages with the oldest entries, found by paging, as a caller would. */
async function lastPageTokens(address: string, accounts: readonly GrownAccount[]): Promise<string[]> {
  const client = new LedgerServiceClient(address, credentials.createInsecure());
  try {
    const tokens: string[] = [];
    for (const account of accounts) {
      const token = known.get(account.length) ?? (await lastPageToken(client, account));
      known.set(account.length, token);
      tokens.push(token);
    }
    return tokens;
  } finally {
    client.close();
  }
}

async function lastPageToken(client: LedgerServiceClient, { length }: GrownAccount): Promise<string> {
  const total = await entriesOf(client, length);
  let pageToken = '';
  for (let left = total - PAGE; left > 0;) {
    const pageSize = Math.min(PAGE_MAX, left);
    const page = await list(client, { userId: grownUser(length), asset: ASSET, pageSize, pageToken });
    left -= page.entries.length;
    pageToken = page.nextPageToken;
    if (pageToken === '') throw new Error(`the account of ${length} entries has fewer entries than expected`);
  }
  return pageToken;
}

async function entriesOf(client: LedgerServiceClient, length: number): Promise<number> {
  const page = await list(client, { userId: grownUser(length), asset: ASSET, pageSize: 1, pageToken: '' });
  return Number(page.entries[0]?.sequence ?? 0);
}

function list(
  client: LedgerServiceClient,
  request: Partial<ListEntriesRequest>,
): Promise<ListEntriesResponse> {
  return new Promise((resolve, reject) => {
    client.listEntries(ListEntriesRequest.fromPartial(request), (error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}
