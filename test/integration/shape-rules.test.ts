import { createFileRegistry, fromBinary, type DescMessage } from '@bufbuild/protobuf';
import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { createValidator, type Violation } from '@bufbuild/protovalidate';
import * as fc from 'fast-check';
import { DESCRIPTOR_SET_BASE64 } from '../../services/ledger/src/gen/descriptor-set';
import {
  GetItemRequest,
  ListItemsRequest,
  PutItemRequest,
} from '../../services/ledger/src/gen/ledger/v1/catalog_service';
import {
  CreditRequest,
  GetBalanceRequest,
  GetTransactionRequest,
  ListEntriesRequest,
  PurchaseRequest,
} from '../../services/ledger/src/gen/ledger/v1/ledger_service';
import { itemQuery, itemsQuery } from '../../services/ledger/src/rpc/catalog';
import { balanceQuery } from '../../services/ledger/src/rpc/get-balance';
import { transactionQuery } from '../../services/ledger/src/rpc/get-transaction';
import { entriesQuery } from '../../services/ledger/src/rpc/list-entries';
import { RpcError } from '../../services/ledger/src/rpc/status';
import { creditCommand, purchaseCommand, putItemCommand } from '../../services/ledger/src/rpc/write-request';
import * as requests from '../support/arbitrary-requests';

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

describe.each<[rpc: string, judged: Judged]>([
  [
    'CreditRequest',
    judged({
      codec: CreditRequest,
      requests: requests.credit,
      check: creditCommand,
      fields: ['amount', 'asset', ...annotations, 'request_id', 'source', 'user_id'],
    }),
  ],
  [
    'PurchaseRequest',
    judged({
      codec: PurchaseRequest,
      requests: requests.purchase,
      check: purchaseCommand,
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
      check: putItemCommand,
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
])('the checks of %s', (message, { pairs, fields }) => {
  const schema = registry.getMessage(`ledger.v1.${message}`)!;

  it('find the same fields wrong as the rules of the contract', () => {
    fc.assert(
      fc.property(pairs, ({ bytes, violated }) => {
        expect(violated).toEqual(violatedRules(schema, bytes));
      }),
      { numRuns: 600 },
    );
  });

  // Without it the test above could pass on requests that are all alike.
  it('meet requests without a fault, and every field at fault alone', () => {
    const seen = new Set(
      fc.sample(pairs, { numRuns: 1_000, seed: 1 }).map(({ violated }) => violated.join()),
    );
    expect([...seen]).toEqual(expect.arrayContaining(['', ...fields]));
  });
});

describe('the checks of a time', () => {
  // A rule of protovalidate compares instants, so it cannot tell nanos that are none.
  it.each([-1, 1_000_000_000])('refuse %i nanoseconds', (nanos) => {
    const request = CreditRequest.fromPartial({
      ...{ requestId: 'r-1', userId: 'ada', asset: 'GOLD', amount: 1n },
      effectiveTime: { seconds: 1n, nanos },
    });
    expect(violatedChecks(() => creditCommand(request))).toEqual(['effective_time']);
  });
});

/** Requests on the wire, and what the server finds wrong with each. */
interface Judged {
  readonly pairs: fc.Arbitrary<{ bytes: Uint8Array; violated: string[] }>;
  readonly fields: readonly string[];
}

function judged<Request>({ codec, requests: arbitrary, check, fields }: Case<Request>): Judged {
  const pairs = arbitrary.map((request) => {
    const bytes = codec.encode(request).finish();
    return { bytes, violated: violatedChecks(() => check(codec.decode(bytes))) };
  });
  return { pairs, fields };
}

function violatedChecks(check: () => unknown): string[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return unique((error.facts.violations ?? []).map(({ field }) => withoutKey(field)));
  }
}

function violatedRules(schema: DescMessage, bytes: Uint8Array): string[] {
  const result = validator.validate(schema, fromBinary(schema, bytes));
  if (result.kind === 'error') throw result.error;
  return unique((result.violations ?? []).map(fieldOf));
}

/** The path; a rule over the whole message has the field in its name. */
function fieldOf({ field, ruleId }: Violation): string {
  const names = field.flatMap((part) => (part.kind === 'field' || part.kind === 'oneof' ? [part.name] : []));
  return names.length > 0 ? names.join('.') : ruleId.slice(ruleId.indexOf('.') + 1);
}

function withoutKey(path: string): string {
  return path.replace(/\[.*$/s, '');
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
