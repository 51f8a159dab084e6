import { BatchWriteResponse, type BatchWriteItem } from '@ledger/proto/ledger/v1/ledger_service';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import type { RawAnswer, RawCall } from '../harness/raw-client';
import { rawCalls, type Fields } from '../harness/raw-calls';
import { refusalOf } from '../harness/refusal';
import { reads, streams, writes, writesOfBatches, type Given } from './invalid-requests';

/**
 * Over the wire, the invalid request of every row is refused before anything happens, and told which fields are wrong.
 * Which values are wrong is not tried here: shape-rules, rules-between-fields and validator.test.ts compare every rule.
 */

const account = { asset: 'GOLD' };

let ledger: LedgerUnderTest;
let turn = 0;

beforeAll(async () => {
  ledger = await startLedger(1);
  await ledger.client().putItem({ itemId: 'mug', name: 'Mug', asset: 'GOLD', price: 5n, active: true });
});
afterAll(async () => {
  expect(await checkLedger(ledger.database)).toEqual([]);
  expect(ledger.servers[0]?.faults).toEqual([]);
  await ledger.dispose();
});

describe.each(Object.entries({ ...writes, ...reads, ...streams }))('%s', (rpc, { fields, invalid }) => {
  it('refuses an invalid request, names its invalid fields, and stores nothing', async () => {
    const given = await givenUser();
    const before = await stored();
    const call = invalid(given);
    expect(uncapitalized(call.path.replace(/.*\//, ''))).toBe(rpc);

    expectInvalid(await send(call), fields);
    expect(await stored()).toEqual(before);
  });
});

describe.each(Object.entries({ ...writes, ...reads }))('%s', (_rpc, { invalid, corrected }) => {
  it('takes the request once it is corrected, under the same request_id', async () => {
    const given = await givenUser();
    expect(await send(invalid(given))).not.toMatchObject({ code: 0 });
    expect(await send(corrected(given))).toMatchObject({ code: 0, replayed: undefined });
  });
});

describe.each(Object.entries(writesOfBatches))(
  '%s in a batch',
  (rpc, { fields, invalidItem, correctedItem }) => {
    it.each([false, true])(
      'is refused with the whole batch when it is invalid; atomic: %s',
      async (atomic) => {
        const given = await givenUser();
        const before = await stored();
        const beside: Fields<BatchWriteItem> = {
          write: {
            $case: 'credit',
            value: { userId: given.userId, requestId: 'beside', ...account, amount: 1n },
          },
        };
        const batch = { requestId: atomic ? `batch-${given.requestId}` : '', atomic };

        const refused = await send(rawCalls.batchWrite({ ...batch, writes: [invalidItem(given), beside] }));
        expectInvalid(
          refused,
          fields.map((field) => `writes[0].${snakeCase(rpc)}.${field}`),
        );
        expect(await stored()).toEqual(before);

        const booked = await send(rawCalls.batchWrite({ ...batch, writes: [correctedItem(given), beside] }));
        expect(booked).toMatchObject({ code: 0, replayed: undefined });
        const { results } = BatchWriteResponse.decode(Buffer.from(booked.bytes, 'hex'));
        expect(results).toMatchObject([
          { outcome: { $case: rpc }, replayed: false },
          { outcome: { $case: 'credit' }, replayed: false },
        ]);
      },
    );
  },
);

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
      `${String.fromCharCode(0x4e00 + index).repeat(1_000)}\0`,
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

async function givenUser(): Promise<Given> {
  turn += 1;
  const userId = `user-${turn}`;
  const client = ledger.client();
  const { transaction } = await client.credit({ userId, requestId: 'funds', ...account, amount: 100n });
  const { hold } = await client.placeHold({ userId, ...account, amount: 10n });
  const { transactionId } = transaction;
  return { userId, requestId: `request-${turn}`, transactionId, holdId: hold.holdId };
}

/** How many rows there are of everything that a call can store. */
async function stored(): Promise<object | undefined> {
  const [counts] = await ledger.database.query(
    `SELECT (SELECT count(*) FROM ledger.requests) AS requests,
            (SELECT count(*) FROM ledger.transactions) AS transactions,
            (SELECT count(*) FROM ledger.entries) AS entries,
            (SELECT count(*) FROM ledger.holds) AS holds,
            (SELECT count(*) FROM ledger.item_versions) AS items,
            (SELECT string_agg(to_jsonb(accounts)::text, ',' ORDER BY user_id, asset, stripe)
               FROM ledger.accounts) AS accounts`,
  );
  return counts;
}

function send(call: RawCall): Promise<RawAnswer> {
  return ledger.raw().send(call);
}

function expectInvalid(answer: RawAnswer, fields: readonly string[]): void {
  const refusal = refusalOf(answer);
  expect(refusal).toMatchObject({
    ...{ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD', domain: 'ledger.v1' },
    ...{ metadata: { field: fields[0] }, details: ['ErrorInfo', 'BadRequest'] },
    message: expect.stringContaining(`${fields[0]} `) as string,
  });
  expect(refusal.fields).toEqual(fields);
  expect(answer.replayed).toBeUndefined();
}

/** The name of a field in the proto. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function uncapitalized(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
