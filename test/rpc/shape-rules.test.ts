import { createFileRegistry, fromBinary, type DescMessage } from '@bufbuild/protobuf';
import { BinaryReader, type BinaryWriter } from '@bufbuild/protobuf/wire';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { createValidator, type Violation } from '@bufbuild/protovalidate';
import * as fc from 'fast-check';
import { DESCRIPTOR_SET_BASE64 } from '@ledger/proto/descriptors';
import {
  GetAccountRequest,
  ListAccountsRequest,
  UpdateAccountRequest,
} from '@ledger/proto/ledger/v1/account_service';
import {
  GetItemRequest,
  ListItemsRequest,
  ListItemVersionsRequest,
  PutItemRequest,
} from '@ledger/proto/ledger/v1/catalog_service';
import {
  BatchGetBalancesRequest,
  BatchWriteRequest,
  CaptureHoldRequest,
  CreditRequest,
  GetBalanceRequest,
  GetHoldRequest,
  GetRequestRequest,
  GetTransactionRequest,
  ListBalancesRequest,
  ListEntriesRequest,
  ListHoldsRequest,
  ListTransactionsRequest,
  PlaceHoldRequest,
  PostTransactionRequest,
  PurchaseRequest,
  ReleaseHoldRequest,
  ReverseTransactionRequest,
  TransferRequest,
  VerifyLedgerRequest,
  WatchEntriesRequest,
} from '@ledger/proto/ledger/v1/ledger_service';
import { accountQuery, accountsQuery } from '../../services/ledger/src/handlers/accounts';
import { balanceQuery, balancesQuery, batchBalancesQuery } from '../../services/ledger/src/handlers/balances';
import { batchCommands } from '../../services/ledger/src/handlers/batch-commands';
import { itemQuery, itemsQuery, itemVersionsQuery } from '../../services/ledger/src/handlers/catalog';
import { requestQuery } from '../../services/ledger/src/handlers/requests';
import { holdQuery, holdsQuery } from '../../services/ledger/src/handlers/holds';
import { entriesQuery } from '../../services/ledger/src/handlers/entries';
import { CallError } from '@ledger/kit/rpc/call-error';
import { transactionQuery, transactionsQuery } from '../../services/ledger/src/handlers/transactions';
import { verifyQuery } from '../../services/ledger/src/handlers/verify-ledger';
import { watchQuery } from '../../services/ledger/src/handlers/watch-entries';
import { readBatchRequest } from '../../services/ledger/src/mapping/batch-request';
import { toValidCommand, writeMappings } from '../../services/ledger/src/mapping/writes';
import * as requests from '../model/arbitrary-requests';

const registry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, Buffer.from(DESCRIPTOR_SET_BASE64, 'base64')),
);
const validator = createValidator({ registry });

interface Case<Request> {
  readonly codec: { encode(request: Request): BinaryWriter; decode(bytes: Uint8Array): Request };
  readonly requests: fc.Arbitrary<Request>;
  readonly check: (request: Request) => unknown;
  /** All fields that can be wrong. */
  readonly fields: readonly string[];
}

const annotations = ['description', 'effective_time', 'metadata', 'reference'];

const cases: readonly (readonly [message: string, judged: Judged])[] = [
  [
    'CreditRequest',
    judged({
      codec: CreditRequest,
      requests: requests.credit,
      check: (request) => toValidCommand(writeMappings.Credit, request),
      fields: ['amount', 'asset', ...annotations, 'request_id', 'source', 'user_id'],
    }),
  ],
  [
    'PurchaseRequest',
    judged({
      codec: PurchaseRequest,
      requests: requests.purchase,
      check: (request) => toValidCommand(writeMappings.Purchase, request),
      fields: [
        ...['item.item_id', 'item.price_version', 'item.quantity'],
        ...['price.amount', 'price.asset', 'price.item_id', 'subject'],
        ...[...annotations, 'destination', 'request_id', 'user_id'],
      ],
    }),
  ],
  [
    'PutItemRequest',
    judged({
      codec: PutItemRequest,
      requests: requests.putItem,
      check: (request) => toValidCommand(writeMappings.PutItem, request),
      fields: ['asset', 'expected_version', 'grant_asset', 'item_id', 'name', 'price', 'request_id'],
    }),
  ],
  [
    'GetBalanceRequest',
    judged({
      codec: GetBalanceRequest,
      requests: requests.getBalance,
      check: balanceQuery,
      fields: ['as_of_sequence', 'as_of_time', 'asset', 'user_id'],
    }),
  ],
  [
    'ListEntriesRequest',
    judged({
      codec: ListEntriesRequest,
      requests: requests.listEntries,
      check: entriesQuery,
      fields: ['asset', 'end_time', 'kinds', 'order', 'page_size', 'page_token', 'start_time', 'user_id'],
    }),
  ],
  [
    'GetTransactionRequest',
    judged({
      codec: GetTransactionRequest,
      requests: requests.getTransaction,
      check: transactionQuery,
      fields: ['transaction_id', 'user_id'],
    }),
  ],
  [
    'GetItemRequest',
    judged({
      codec: GetItemRequest,
      requests: requests.getItem,
      check: itemQuery,
      fields: ['item_id', 'version'],
    }),
  ],
  [
    'ListItemsRequest',
    judged({
      codec: ListItemsRequest,
      requests: requests.listItems,
      check: itemsQuery,
      fields: ['page_size', 'page_token'],
    }),
  ],
  [
    'TransferRequest',
    judged({
      codec: TransferRequest,
      requests: requests.transfer,
      check: (request) => toValidCommand(writeMappings.Transfer, request),
      fields: ['amount', 'asset', ...annotations, 'from_user_id', 'request_id', 'to_user_id'],
    }),
  ],
  [
    'PostTransactionRequest',
    judged({
      codec: PostTransactionRequest,
      requests: requests.postTransaction,
      check: (request) => toValidCommand(writeMappings.PostTransaction, request),
      fields: [
        ...annotations,
        'legs',
        'legs.asset',
        'legs.expected_sequence',
        'legs.user_id',
        'request_id',
        'user_id',
      ],
    }),
  ],
  [
    'ReverseTransactionRequest',
    judged({
      codec: ReverseTransactionRequest,
      requests: requests.reverseTransaction,
      check: (request) => toValidCommand(writeMappings.ReverseTransaction, request),
      fields: ['amount', 'description', 'request_id', 'transaction_id', 'user_id'],
    }),
  ],
  [
    'PlaceHoldRequest',
    judged({
      codec: PlaceHoldRequest,
      requests: requests.placeHold,
      check: (request) => toValidCommand(writeMappings.PlaceHold, request),
      fields: ['amount', 'asset', 'destination', 'expire_time', 'request_id', 'user_id'],
    }),
  ],
  [
    'CaptureHoldRequest',
    judged({
      codec: CaptureHoldRequest,
      requests: requests.captureHold,
      check: (request) => toValidCommand(writeMappings.CaptureHold, request),
      fields: ['amount', 'hold_id', 'request_id', 'user_id'],
    }),
  ],
  [
    'ReleaseHoldRequest',
    judged({
      codec: ReleaseHoldRequest,
      requests: requests.releaseHold,
      check: (request) => toValidCommand(writeMappings.ReleaseHold, request),
      fields: ['hold_id', 'request_id', 'user_id'],
    }),
  ],
  [
    'BatchWriteRequest',
    judged({
      codec: BatchWriteRequest,
      // What is wrong with a transaction of too many legs beside their number is not looked for.
      requests: requests.batchWrite.filter(({ writes }) =>
        writes.every(({ write }) => write?.$case !== 'postTransaction' || write.value.legs.length <= 64),
      ),
      check: (request) => {
        const bytes = BatchWriteRequest.encode(request).finish();
        return batchCommands(readBatchRequest(new BinaryReader(bytes)));
      },
      fields: [
        'request_id',
        'writes',
        'writes.write',
        'writes.credit.request_id',
        'writes.purchase.request_id',
      ],
    }),
  ],
  [
    'BatchGetBalancesRequest',
    judged({
      codec: BatchGetBalancesRequest,
      requests: requests.batchGetBalances,
      check: batchBalancesQuery,
      fields: ['accounts', 'accounts.asset', 'accounts.user_id', 'as_of_time'],
    }),
  ],
  [
    'ListBalancesRequest',
    judged({
      codec: ListBalancesRequest,
      requests: requests.listBalances,
      check: balancesQuery,
      fields: ['as_of_time', 'page_size', 'page_token', 'user_id'],
    }),
  ],
  [
    'ListTransactionsRequest',
    judged({
      codec: ListTransactionsRequest,
      requests: requests.listTransactions,
      check: transactionsQuery,
      fields: ['end_time', 'kinds', 'order', 'page_size', 'page_token', 'reference', 'start_time', 'user_id'],
    }),
  ],
  [
    'GetRequestRequest',
    judged({
      codec: GetRequestRequest,
      requests: requests.getRequest,
      check: requestQuery,
      fields: ['request_id', 'user_id'],
    }),
  ],
  [
    'GetHoldRequest',
    judged({
      codec: GetHoldRequest,
      requests: requests.getHold,
      check: holdQuery,
      fields: ['hold_id', 'user_id'],
    }),
  ],
  [
    'ListHoldsRequest',
    judged({
      codec: ListHoldsRequest,
      requests: requests.listHolds,
      check: holdsQuery,
      fields: ['asset', 'page_size', 'page_token', 'states', 'user_id'],
    }),
  ],
  [
    'ListItemVersionsRequest',
    judged({
      codec: ListItemVersionsRequest,
      requests: requests.listItemVersions,
      check: itemVersionsQuery,
      fields: ['item_id', 'page_size', 'page_token'],
    }),
  ],
  [
    'GetAccountRequest',
    judged({
      codec: GetAccountRequest,
      requests: requests.getAccount,
      check: accountQuery,
      fields: ['asset', 'user_id'],
    }),
  ],
  [
    'ListAccountsRequest',
    judged({
      codec: ListAccountsRequest,
      requests: requests.listAccounts,
      check: accountsQuery,
      fields: ['page_size', 'page_token', 'user_id', 'user_id_prefix'],
    }),
  ],
  [
    'UpdateAccountRequest',
    judged({
      codec: UpdateAccountRequest,
      requests: requests.updateAccount,
      check: (request) => toValidCommand(writeMappings.UpdateAccount, request),
      fields: ['asset', 'etag', 'metadata', 'min_balance', 'request_id', 'update_mask', 'user_id'],
    }),
  ],
  [
    'WatchEntriesRequest',
    judged({
      codec: WatchEntriesRequest,
      requests: requests.watchEntries,
      check: watchQuery,
      fields: ['asset', 'from_start', 'resume_token', 'user_id'],
    }),
  ],
  [
    'VerifyLedgerRequest',
    judged({
      codec: VerifyLedgerRequest,
      requests: requests.verifyLedger,
      check: verifyQuery,
      fields: ['user_id'],
    }),
  ],
];

it('the request of every rpc is among those that are compared', () => {
  const services = ['LedgerService', 'CatalogService', 'AccountService'];
  const methods = services.flatMap((name) => registry.getService(`ledger.v1.${name}`)?.methods ?? []);
  // A stream is refused for none of its items: each is judged as the request of its own rpc, which is among these.
  const judgedByItem = 'WriteStreamRequest';
  const messages = [...cases.map(([message]) => message), judgedByItem];
  expect(messages.sort()).toEqual(methods.map(({ input }) => input.name).sort());
});

describe.each(cases)('the checks of %s', (message, { pairs, fields }) => {
  const schema = registry.getMessage(`ledger.v1.${message}`)!;

  it('find the same fields wrong as the rules of the contract', async () => {
    await fc.assert(
      fc.asyncProperty(pairs, async ({ bytes, violated }) => {
        expect(await violated()).toEqual(violatedRules(schema, bytes));
      }),
      { numRuns: 500 },
    );
  });

  // Without it the test above could pass on requests that are all alike.
  it('meet requests without a fault, and every field at fault alone', async () => {
    const seen = new Set<string>();
    for (const { violated } of fc.sample(pairs, { numRuns: 2_000, seed: 1 }))
      seen.add((await violated()).join());
    expect([...seen]).toEqual(expect.arrayContaining(['', ...fields]));
  });
});

/** Requests on the wire, and what the server finds wrong with each. */
interface Judged {
  readonly pairs: fc.Arbitrary<{ bytes: Uint8Array; violated: () => Promise<string[]> }>;
  readonly fields: readonly string[];
}

function judged<Request>({ codec, requests: arbitrary, check, fields }: Case<Request>): Judged {
  const pairs = arbitrary.map((request) => {
    const bytes = codec.encode(request).finish();
    return { bytes, violated: () => violatedChecks(() => check(codec.decode(bytes))) };
  });
  return { pairs, fields };
}

async function violatedChecks(check: () => unknown): Promise<string[]> {
  try {
    await check();
    return [];
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    return unique((error.violations ?? []).map(({ field }) => withoutKey(field)));
  }
}

function violatedRules(schema: DescMessage, bytes: Uint8Array): string[] {
  const result = validator.validate(schema, fromBinary(schema, bytes));
  if (result.kind === 'error') throw result.error;
  return unique([...(result.violations ?? []).map(fieldOf), ...unbalanced(schema, bytes)]);
}

/** What no rule can say, for want of a sum: the legs of a transaction sum to zero per asset. */
function unbalanced(schema: DescMessage, bytes: Uint8Array): string[] {
  if (schema.name === 'PostTransactionRequest') {
    return sumsToZero(PostTransactionRequest.decode(bytes)) ? [] : ['legs'];
  }
  if (schema.name !== 'BatchWriteRequest') return [];
  return BatchWriteRequest.decode(bytes).writes.flatMap(({ write }) =>
    write?.$case === 'postTransaction' && !sumsToZero(write.value) ? ['writes.post_transaction.legs'] : [],
  );
}

function sumsToZero({ legs }: PostTransactionRequest): boolean {
  return legs.every(
    ({ asset }) =>
      legs.filter((leg) => leg.asset === asset).reduce((sum, { change }) => sum + change, 0n) === 0n,
  );
}

/** The rules that protovalidate has by itself; the contract's own are named for the field that they are about. */
const STANDARD_RULE = /^(string|int32|int64|enum|repeated|map|timestamp|required)\b/;

/** The path; a rule over a whole message has the field in its name. */
function fieldOf({ field, ruleId }: Violation): string {
  const names = field.flatMap((part) => (part.kind === 'field' || part.kind === 'oneof' ? [part.name] : []));
  const about = ruleId.slice(ruleId.indexOf('.') + 1);
  const whole = !STANDARD_RULE.test(ruleId) && names.at(-1) !== about;
  return (whole ? [...names, about] : names).join('.');
}

/** Without positions, and without what comes behind a key of metadata. */
function withoutKey(path: string): string {
  return path.replace(/\bmetadata\[.*$/s, 'metadata').replace(/\[\d+\]/g, '');
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
