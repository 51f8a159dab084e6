import { CreditResponse, type PurchaseRequest } from '@ledger/proto/ledger/v1/ledger_service';
import { PutItemResponse } from '@ledger/proto/ledger/v1/catalog_service';
import { checkLedger } from '../harness/check-ledger';
import * as flawed from '../model/invalid-values';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import type { RawAnswer, RawCall } from '../harness/raw-client';
import { refusalOf } from '../harness/refusal';
import { rawCalls } from '../harness/raw-calls';

/** A request with one field that is wrong. */
interface Malformed<Request> {
  readonly flaw: string;
  readonly request: Partial<Request>;
  /** The path that must be named. */
  readonly field: string;
}

let ledger: LedgerUnderTest;
/** Writes that must have been booked. */
let booked = 0;
let turn = 0;

beforeAll(async () => {
  ledger = await startLedger(1);
  await book(rawCalls.putItem({ ...mug, requestId: 'mug', itemId: 'mug' }));
});
afterAll(() => ledger.dispose());

const mug = { name: 'Mug', asset: 'GOLD', price: 5n, active: true };

type CreditFields = Parameters<typeof rawCalls.credit>[0];
type PutItemFields = Parameters<typeof rawCalls.putItem>[0];

const annotations: Malformed<CreditFields & PurchaseRequest>[] = [
  ...field('description', flawed.flawedDescriptions, (description) => ({ description })),
  ...field('reference', flawed.flawedReferences, (reference) => ({ reference })),
  ...field('effective_time', flawed.flawedTimes, (effectiveTime) => ({ effectiveTime })),
  ...flawed.flawedMetadata.map(([flaw, pairs, path]) => ({
    ...{ flaw, field: path },
    request: { metadata: new Map(pairs) },
  })),
];

describe('Credit', () => {
  it.each([
    ...field('request_id', flawed.flawedRequestIds, (requestId) => ({ requestId })),
    ...field('user_id', flawed.flawedUsers, (userId) => ({ userId })),
    ...field('asset', flawed.flawedAssets, (asset) => ({ asset })),
    ...field('amount', flawed.flawedAmounts, (amount) => ({ amount })),
    ...field('source', flawed.flawedSystemAccounts, (source) => ({ source })),
    ...annotations,
  ] as Malformed<CreditFields>[])('refuses $field: $flaw', async ({ request, field: path }) => {
    const good: CreditFields = { ...fresh(), asset: 'GOLD', amount: 5n };

    expectMalformed(await send(rawCalls.credit({ ...good, ...request })), path);

    const { transaction } = CreditResponse.decode(await book(rawCalls.credit(good)));
    expect(transaction).toMatchObject({ userId: good.userId, entries: [{ sequence: 1n }, {}] });
  });
});

describe('Purchase', () => {
  const itemOf = (value: object): Partial<PurchaseRequest> => ({
    subject: { $case: 'item', value: { itemId: 'mug', quantity: 2n, priceVersion: 0n, ...value } },
  });
  const priceOf = (value: object): Partial<PurchaseRequest> => ({
    subject: { $case: 'price', value: { asset: 'GOLD', amount: 10n, itemId: '', ...value } },
  });

  it.each([
    ...field('request_id', flawed.flawedRequestIds, (requestId) => ({ requestId })),
    ...field('user_id', flawed.flawedUsers, (userId) => ({ userId })),
    ...field('subject', [['missing', undefined]], () => ({ subject: undefined })),
    ...field('item.item_id', flawed.flawedWords, (itemId) => itemOf({ itemId })),
    ...field('item.quantity', flawed.flawedQuantities, (quantity) => itemOf({ quantity })),
    ...field('item.price_version', flawed.flawedVersions, (priceVersion) => itemOf({ priceVersion })),
    ...field('price.asset', flawed.flawedAssets, (asset) => priceOf({ asset })),
    ...field('price.amount', flawed.flawedAmounts, (amount) => priceOf({ amount })),
    ...field('price.item_id', flawed.flawedWords.slice(1), (itemId) => priceOf({ itemId })),
    ...field('destination', flawed.flawedSystemAccounts, (destination) => ({ destination })),
    ...annotations,
  ] as Malformed<PurchaseRequest>[])('refuses $field: $flaw', async ({ request, field: path }) => {
    const good: Partial<PurchaseRequest> = {
      ...fresh(),
      ...itemOf({}),
      ...subjectOf(request, itemOf, priceOf),
    };
    await book(rawCalls.credit({ ...good, requestId: 'funds', asset: 'GOLD', amount: 10n }));

    expectMalformed(await send(rawCalls.purchase({ ...good, ...request })), path);

    const { transaction } = CreditResponse.decode(await book(rawCalls.purchase(good)));
    expect(transaction).toMatchObject({ entries: [{ sequence: 2n, balanceAfter: 0n }, {}] });
  });
});

describe('PutItem', () => {
  it.each([
    ...field('request_id', flawed.flawedRequestIds, (requestId) => ({ requestId })),
    ...field('item_id', flawed.flawedWords, (itemId) => ({ itemId })),
    ...field('name', flawed.flawedNames, (name) => ({ name })),
    ...field('asset', flawed.flawedAssets, (asset) => ({ asset })),
    ...field('price', flawed.flawedAmounts, (price) => ({ price })),
    ...field('grant_asset', flawed.flawedOptionalAssets, (grantAsset) => ({ grantAsset })),
    ...field('grant_asset', [['what it is paid with', 'GOLD']], (grantAsset) => ({ grantAsset })),
    ...field('expected_version', flawed.flawedVersions, (expectedVersion) => ({ expectedVersion })),
  ] as Malformed<PutItemFields>[])('refuses $field: $flaw', async ({ request, field: path }) => {
    const { requestId, userId: itemId } = fresh();
    const good: PutItemFields = { ...mug, requestId, itemId };

    expectMalformed(await send(rawCalls.putItem({ ...good, ...request })), path);

    const { item } = PutItemResponse.decode(await book(rawCalls.putItem(good)));
    expect(item).toMatchObject({ itemId, version: 1n });
  });
});

describe('a request with several faults', () => {
  it('is told all of them, each field by its path', async () => {
    const answer = await send(
      rawCalls.purchase({
        ...{ requestId: '', userId: '@ada', destination: 'shop', reference: 'é' },
        subject: { $case: 'item', value: { itemId: '', quantity: 0n, priceVersion: -1n } },
        description: '\0',
        metadata: new Map([['', '\0']]),
        effectiveTime: { seconds: 0n, nanos: -1 },
      }),
    );
    expect([...refusalOf(answer).fields].sort()).toEqual([
      ...['description', 'destination', 'effective_time', 'item.item_id', 'item.price_version'],
      ...['item.quantity', 'metadata[""]', 'metadata[""]', 'reference', 'request_id', 'user_id'],
    ]);
  });

  // Headers carry an error: many clients take 8 KiB of them, and above 64 KiB node breaks the connection.
  it('stays within what headers carry, however many and long the faults are, and names all other fields', async () => {
    const wrong = Array.from({ length: 16 }, (_, index): [string, string] => [
      `${String.fromCharCode(0x4e00 + index).repeat(40_000)}\0`,
      '\0'.repeat(300),
    ]);
    const answer = await send(
      rawCalls.credit({ metadata: new Map(wrong), effectiveTime: { seconds: 0n, nanos: -1 } }),
    );
    const { fields, message } = refusalOf(answer);
    expect(fields.slice(0, 5)).toEqual(['request_id', 'user_id', 'asset', 'amount', 'effective_time']);
    expect(fields[5]).toBe(`metadata["${'一'.repeat(23)}…`);
    expect(fields).toHaveLength(24);
    const base64 = (answer.bytes.length / 2) * (4 / 3);
    expect(base64 + encodeURI(message).length).toBeLessThan(8 * 1024);
  });
});

it('booked the good requests and nothing else', async () => {
  const [counts] = await ledger.database.query(
    `SELECT (SELECT count(*) FROM ledger.requests) AS requests,
            (SELECT count(*) FROM ledger.transactions) + (SELECT count(*) FROM ledger.item_versions) AS results`,
  );
  expect(counts).toEqual({ requests: booked.toString(), results: booked.toString() });
  expect(await checkLedger(ledger.database)).toEqual([]);
  expect(ledger.servers[0]?.faults).toEqual([]);
});

function field<T, Request>(
  path: string,
  flaws: flawed.Flaws<T>,
  requestOf: (value: T) => Partial<Request>,
): Malformed<Request>[] {
  return flaws.map(([flaw, value]) => ({ flaw, field: path, request: requestOf(value) }));
}

/** A purchase that is repaired keeps to its kind of subject. */
function subjectOf(
  { subject }: Partial<PurchaseRequest>,
  itemOf: (value: object) => Partial<PurchaseRequest>,
  priceOf: (value: object) => Partial<PurchaseRequest>,
): Partial<PurchaseRequest> {
  return subject?.$case === 'price' ? priceOf({}) : itemOf({});
}

function fresh(): { requestId: string; userId: string } {
  turn += 1;
  return { requestId: `request-${turn}`, userId: `user-${turn}` };
}

function send(call: RawCall): Promise<RawAnswer> {
  return ledger.raw().send(call);
}

async function book(call: RawCall): Promise<Buffer> {
  const answer = await send(call);
  expect(answer).toMatchObject({ code: 0, replayed: undefined });
  booked += 1;
  return Buffer.from(answer.bytes, 'hex');
}

function expectMalformed(answer: RawAnswer, path: string): void {
  expect(refusalOf(answer)).toMatchObject({
    ...{ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD', domain: 'ledger.v1' },
    ...{ fields: [path], metadata: { field: path }, details: ['ErrorInfo', 'BadRequest'] },
    message: expect.stringContaining(`${path} `),
  });
  expect(answer.replayed).toBeUndefined();
}
