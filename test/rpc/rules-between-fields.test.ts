import { BinaryReader } from '@bufbuild/protobuf/wire';
import { CallError } from '@ledger/kit/rpc/call-error';
import { ListAccountsRequest, UpdateAccountRequest } from '@ledger/proto/ledger/v1/account_service';
import { PutItemRequest } from '@ledger/proto/ledger/v1/catalog_service';
import {
  BatchGetBalancesRequest,
  CreditRequest,
  GetBalanceRequest,
  Leg,
  ListEntriesRequest,
  ListHoldsRequest,
  ListTransactionsRequest,
  PostTransactionRequest,
  PurchaseRequest,
  TransferRequest,
  WatchEntriesRequest,
  type BatchWriteItem,
  BatchWriteRequest,
} from '@ledger/proto/ledger/v1/ledger_service';
import { accountsQuery } from '../../services/ledger/src/handlers/accounts';
import { balanceQuery, batchBalancesQuery } from '../../services/ledger/src/handlers/balances';
import { batchCommands } from '../../services/ledger/src/handlers/batch-commands';
import { entriesQuery } from '../../services/ledger/src/handlers/entries';
import { holdsQuery } from '../../services/ledger/src/handlers/holds';
import { transactionsQuery } from '../../services/ledger/src/handlers/transactions';
import { watchQuery } from '../../services/ledger/src/handlers/watch-entries';
import { readBatchRequest } from '../../services/ledger/src/mapping/batch-request';
import { toValidCommand, writeMappings } from '../../services/ledger/src/mapping/writes';

/** Rules of lists and of several fields at once, each with a request that breaks nothing else. */

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
/** A number that no enum defines. */
const UNKNOWN = 2 ** 7;

const write = { requestId: 'request-1', userId: 'ada' };
const account = { userId: 'ada', asset: 'GOLD' };
const credit = itemOf({});
const balanced = [leg('ada', -1n), leg('bob', 1n)];

describe.each<[request: string, rules: (readonly [rule: string, field: string, check: () => unknown])[]]>([
  [
    'Purchase',
    [['needs a subject', 'subject', () => toValidCommand(writeMappings.Purchase, purchase(undefined))]],
  ],
  [
    'PutItem',
    [
      [
        'does not grant the asset that it is paid with',
        'grant_asset',
        () =>
          toValidCommand(
            writeMappings.PutItem,
            PutItemRequest.fromPartial({
              ...{ requestId: 'r', itemId: 'mug', name: 'Mug', price: 1n },
              ...{ asset: 'GOLD', grantAsset: 'GOLD' },
            }),
          ),
      ],
    ],
  ],
  ['Transfer', [['goes to another user', 'to_user_id', () => transferTo('ada')]]],
  [
    'PostTransaction',
    [
      ['has legs', 'legs', () => post({ legs: [] })],
      [
        'has at most 64 legs',
        'legs',
        () => post({ legs: [...manyLegs(62), leg('x', -2n), leg('y', 1n), leg('z', 1n)] }),
      ],
      ['sums to zero', 'legs', () => post({ legs: [leg('ada', -1n), leg('bob', 2n)] })],
      ['sums to zero beyond int64', 'legs', () => post({ legs: [leg('ada', 1n), leg('bob', INT64_MAX)] })],
      [
        'sums to zero in each asset',
        'legs',
        () => post({ legs: [leg('ada', -1n), leg('bob', 1n, { asset: 'USD' })] }),
      ],
      [
        'has one leg per account',
        'legs',
        () => post({ legs: [leg('ada', -3n), leg('bob', 1n), leg('bob', 2n)] }),
      ],
      ['is owned by one of its legs', 'user_id', () => post({ userId: 'eve', legs: balanced })],
      [
        'has valid users in its legs',
        'legs[1].user_id',
        () => post({ legs: [leg('ada', -1n), leg('b b', 1n)] }),
      ],
      [
        'has no leg that could not be reversed within int64',
        'legs[0].change',
        () => post({ legs: [leg('ada', INT64_MIN), leg('bob', 2n ** 62n), leg('eve', 2n ** 62n)] }),
      ],
      ['has no leg of zero', 'legs[2].change', () => post({ legs: [...balanced, leg('eve', 0n)] })],
      [
        'expects no negative sequence',
        'legs[0].expected_sequence',
        () => post({ legs: [leg('ada', -1n, { expectedSequence: -1n }), leg('bob', 1n)] }),
      ],
      [
        'expects no sequence of a system account',
        'legs[1].expected_sequence',
        () => post({ legs: [leg('ada', -1n), leg('@bank', 1n, { expectedSequence: 0n })] }),
      ],
    ],
  ],
  [
    'UpdateAccount',
    [
      ['needs a mask', 'update_mask', () => update(undefined)],
      ['changes something', 'update_mask', () => update([])],
      ['changes settings only', 'update_mask', () => update(['balance'])],
      [
        'sets no minimum whose negation passes int64',
        'min_balance',
        () => update(['min_balance'], { minBalance: INT64_MIN }),
      ],
      ['changes nothing but settings', 'update_mask', () => update(['frozen', 'etag'])],
    ],
  ],
  [
    'BatchWrite',
    [
      ['has writes', 'writes', () => batch({ writes: [] })],
      [
        'has at most 10,000 writes',
        'writes',
        () => batch({ writes: new Array<BatchWriteItem>(10_001).fill(credit) }),
      ],
      ['has a request id when it is atomic', 'request_id', () => batch({ writes: [credit], atomic: true })],
      [
        'has at most 64 legs in a write',
        'writes[1].post_transaction.legs',
        () => batch({ writes: [credit, itemOfLegs(65)] }),
      ],
      [
        'has at most 20,000 legs when it is atomic',
        'writes',
        () =>
          batch({
            ...{ requestId: 'batch', atomic: true },
            writes: [...new Array<BatchWriteItem>(312).fill(itemOfLegs(64)), ...new Array(17).fill(credit)],
          }),
      ],
      [
        'has no write of more than 64 KiB',
        'writes[1]',
        () => batch({ writes: [credit, itemOf({ description: 'x'.repeat(65_536) })] }),
      ],
      ['has no empty write', 'writes[1].write', () => batch({ writes: [credit, { write: undefined }] })],
      [
        'has valid writes to the last',
        'writes[3].credit.amount',
        () => batch({ writes: [credit, credit, credit, itemOf({ amount: 0n })] }),
      ],
    ],
  ],
  [
    'GetBalance',
    [
      [
        'knows no sequence of a system account',
        'as_of_sequence',
        () =>
          balanceQuery(
            GetBalanceRequest.fromPartial({
              ...{ userId: '@issuance', asset: 'GOLD' },
              asOf: { $case: 'asOfSequence', value: 1n },
            }),
          ),
      ],
    ],
  ],
  [
    'BatchGetBalances',
    [
      ['names accounts', 'accounts', () => balances([])],
      [
        'names at most 1,000 accounts',
        'accounts',
        () => balances(new Array<typeof account>(1_001).fill(account)),
      ],
      [
        'names valid accounts',
        'accounts[1].user_id',
        () => balances([account, { ...account, userId: 'a b' }]),
      ],
    ],
  ],
  [
    'ListEntries',
    [
      ['names kinds that are stored', 'kinds[0]', () => entries({ kinds: [0] })],
      ['names kinds that are known', 'kinds[1]', () => entries({ kinds: [1, UNKNOWN] })],
      ['names at most 16 kinds', 'kinds', () => entries({ kinds: new Array<number>(17).fill(1) })],
      [
        'names at most 16 kinds, however many there are',
        'kinds',
        () => entries({ kinds: new Array<number>(1_000_000).fill(1) }),
      ],
      ['has an order that is known', 'order', () => entries({ order: UNKNOWN })],
    ],
  ],
  [
    'ListTransactions',
    [
      ['names a user or a reference', 'user_id', () => transactions({})],
      ['names kinds that are known', 'kinds[1]', () => transactions({ userId: 'ada', kinds: [1, UNKNOWN] })],
    ],
  ],
  [
    'ListAccounts',
    [
      ['names a user or a prefix', 'user_id', () => accounts({})],
      ['does not name both', 'user_id', () => accounts({ userId: 'ada', userIdPrefix: '' })],
    ],
  ],
  [
    'ListHolds',
    [
      ['names states that are stored', 'states[0]', () => holds([0])],
      ['names states that are known', 'states[1]', () => holds([1, UNKNOWN])],
      ['names at most 8 states', 'states', () => holds(new Array<number>(9).fill(1))],
    ],
  ],
  [
    'WatchEntries',
    [
      [
        'begins at the start or at a token',
        'from_start',
        () => watchQuery(WatchEntriesRequest.fromPartial({ fromStart: true, resumeToken: 'token' })),
      ],
    ],
  ],
])('%s', (_request, rules) => {
  it.each(rules)('%s', async (_rule, field, check) => {
    // More than once when more than one asset is out of balance.
    expect([...new Set(await violatedBy(check))]).toEqual([field]);
  });
});

it('a request at the limits of its lists breaks no rule', async () => {
  for (const check of [
    () => post({ legs: manyLegs(64) }),
    () => batch({ writes: new Array<BatchWriteItem>(10_000).fill(credit) }),
    () =>
      batch({
        ...{ requestId: 'batch', atomic: true },
        writes: [...new Array<BatchWriteItem>(312).fill(itemOfLegs(64)), ...new Array(16).fill(credit)],
      }),
    () => balances(new Array<typeof account>(1_000).fill(account)),
    () => entries({ kinds: new Array<number>(16).fill(1), order: 2 }),
    () => holds(new Array<number>(8).fill(4)),
    () => update(['min_balance', 'frozen', 'metadata']),
    () => transactions({ reference: 'order-1' }),
  ])
    expect(await violatedBy(check)).toEqual([]);
});

/** The fields at fault. */
async function violatedBy(check: () => unknown): Promise<string[]> {
  try {
    await check();
    return [];
  } catch (error) {
    if (!(error instanceof CallError) || error.reason !== 'INVALID_FIELD') throw error;
    return (error.violations ?? []).map(({ field }) => field);
  }
}

function purchase(subject: PurchaseRequest['subject']): PurchaseRequest {
  return { ...PurchaseRequest.fromPartial(write), subject };
}

function transferTo(toUserId: string): unknown {
  const request = { requestId: 'request-1', fromUserId: 'ada', toUserId, asset: 'GOLD', amount: 1n };
  return toValidCommand(writeMappings.Transfer, TransferRequest.fromPartial(request));
}

function post(fields: Partial<PostTransactionRequest>): unknown {
  const request = PostTransactionRequest.fromPartial({ ...write, ...fields });
  return toValidCommand(writeMappings.PostTransaction, request);
}

function leg(userId: string, change: bigint, more: Partial<Leg> = {}): Leg {
  return Leg.fromPartial({ userId, asset: 'GOLD', change, ...more });
}

function manyLegs(count: number): Leg[] {
  return Array.from({ length: count }, (_, index) =>
    leg(index === 0 ? 'ada' : `user-${index}`, index % 2 === 0 ? 1n : -1n),
  );
}

function update(updateMask: string[] | undefined, fields: Partial<UpdateAccountRequest> = {}): unknown {
  const request = UpdateAccountRequest.fromPartial({ ...write, ...account, ...fields });
  return toValidCommand(writeMappings.UpdateAccount, { ...request, updateMask });
}

function batch(fields: Partial<BatchWriteRequest>): unknown {
  const request = { requestId: '', writes: [], atomic: false, omitBodies: false, ...fields };
  return batchCommands(readBatchRequest(new BinaryReader(BatchWriteRequest.encode(request).finish())));
}

function itemOf(fields: Partial<CreditRequest>): BatchWriteItem {
  const value = CreditRequest.fromPartial({ ...write, ...account, amount: 1n, ...fields });
  return { write: { $case: 'credit', value } };
}

function itemOfLegs(count: number): BatchWriteItem {
  const value = PostTransactionRequest.fromPartial({ ...write, legs: manyLegs(count) });
  return { write: { $case: 'postTransaction', value } };
}

function balances(accounts: BatchGetBalancesRequest['accounts']): unknown {
  return batchBalancesQuery(BatchGetBalancesRequest.fromPartial({ accounts }));
}

function entries(fields: Partial<ListEntriesRequest>): unknown {
  return entriesQuery(ListEntriesRequest.fromPartial({ ...account, ...fields }));
}

function transactions(fields: Partial<ListTransactionsRequest>): unknown {
  return transactionsQuery(ListTransactionsRequest.fromPartial(fields));
}

function accounts(fields: Partial<ListAccountsRequest>): unknown {
  return accountsQuery(ListAccountsRequest.fromPartial(fields));
}

function holds(states: number[]): unknown {
  return holdsQuery({ ...ListHoldsRequest.fromPartial({ userId: 'ada' }), states });
}
