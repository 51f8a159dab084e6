/** @paused: also run by `npm run test:paused`. */
import { generateKeyPairSync } from 'node:crypto';
import { Client } from 'pg';
import type { Store } from '../../services/ledger/src/store/store';
import {
  checkpointText,
  isSigned,
  parseCheckpoint,
  privateKeyOf,
  publicKeyOf,
  signRoot,
} from '../../services/ledger/src/verify/checkpoint';
import type { LedgerReader } from '../../services/ledger/src/verify/ledger-reader';
import { MARKED_CLOCK } from '../../services/ledger/src/store/clock-mark';
import { finalTime } from '../../services/ledger/src/verify/final-time';
import { rootAt, type LedgerRoot } from '../../services/ledger/src/verify/ledger-root';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { openStore } from '../harness/open-store';
import { keepBooks, reseal, tamper } from '../harness/tampering';
import { verify } from '../harness/verification';
import { waitUntil } from '../harness/wait-until';

let ledger: LedgerUnderTest;
let store: Store;
let restore: () => Promise<void>;
/** Of a moment in the middle of the books. */
let root: LedgerRoot;
const read: LedgerReader = (work) => store.read(work);

beforeAll(async () => {
  ledger = await startLedger(2);
  const { url } = ledger.database;
  store = await openStore(url);
  const asset = 'GOLD';
  const book = async (turn: number): Promise<void> => {
    const client = ledger.client(turn);
    const credit = { $case: 'credit', value: { userId: 'ada', asset, amount: 9n } } as const;
    await client.batchWrite({ writes: Array.from({ length: 100 }, () => ({ write: credit })) });
    await client.transfer({ fromUserId: 'ada', toUserId: 'bob', asset, amount: 4n });
  };
  await book(0);
  await ledger.client().updateAccount({ userId: 'idle', asset, frozen: true, updateMask: ['frozen'] });
  await ledger.client().placeHold({ userId: 'ada', asset, amount: 1n });
  await ledger.client().putItem({ itemId: 'mug', name: 'Mug', asset, price: 3n, active: true });
  root = await rootAt(read, store.placement, await finalTime(read));
  await book(1);
  await ledger.client().credit({ userId: 'carol', asset, amount: 1n });
  restore = await keepBooks(ledger.database);
});
afterAll(async () => {
  await store.close();
  await ledger.dispose();
});

describe('a checkpoint', () => {
  afterEach(() => restore());

  it('covers what was booked by its time, and agrees however much is booked later', async () => {
    // 100 credits and a transfer; of @issuance one or more stripes.
    expect(root.entries).toBe(202n);
    expect(root.accounts).toBeGreaterThanOrEqual(3n);
    const later = await rootAt(read, store.placement, root.time);
    expect(later).toEqual(root);
    const now = await rootAt(read, store.placement, await finalTime(read));
    expect(now.entries).toBe(root.entries + 204n);
    expect(now.root).not.toEqual(root.root);
  });

  it.each([
    [
      'an amount at both ends',
      `UPDATE ledger.entries SET change = 5 * change WHERE transaction_id IN ($ids)`,
    ],
    ['a description', `UPDATE ledger.transactions SET description = 'wages' WHERE transaction_id IN ($ids)`],
  ])('shows a chain that was rewritten to its end, in which nothing is wrong: %s', async (_what, sql) => {
    const second = `SELECT transaction_id FROM ledger.entries WHERE user_id = 'ada' AND sequence = 2`;
    await tamper(ledger.database, sql.replace('$ids', second));
    await reseal(ledger.database, { users: () => true, digests: true });
    // But for what the request has stored.
    const { violations } = (await verify(ledger.client())).report;
    expect(new Set(violations.map(({ rule }) => rule))).toEqual(new Set([4]));
    expect((await rootAt(read, store.placement, root.time)).root).not.toEqual(root.root);
  });

  it('shows newest entries that were taken away as if they had never been, which VerifyLedger cannot', async () => {
    const early = await rootAt(read, store.placement, root.time);
    const full = await rootAt(read, store.placement, await finalTime(read));
    const carols = `transaction_id IN (SELECT transaction_id FROM ledger.transactions WHERE user_id = 'carol')`;
    await tamper(
      ledger.database,
      `UPDATE ledger.accounts a
          SET sequence = a.sequence - 1, balance = e.balance_after, debits = e.debits_after, last_hash = e.hash,
              last_entry_time = e.create_time, commit_order = t.commit_order
         FROM ledger.entries gone
         JOIN ledger.entries e USING (user_id, asset, stripe)
         JOIN ledger.transactions t ON t.transaction_id = e.transaction_id
        WHERE gone.${carols} AND a.user_id = gone.user_id AND a.stripe = gone.stripe
          AND e.sequence = gone.sequence - 1;
       DELETE FROM ledger.accounts WHERE user_id = 'carol'
           OR (user_id, stripe, sequence) IN (SELECT user_id, stripe, 1 FROM ledger.entries WHERE ${carols});
       DELETE FROM ledger.entries WHERE ${carols};
       DELETE FROM ledger.requests WHERE user_id = 'carol'`,
    );
    expect((await verify(ledger.client())).report.violations).toEqual([]);
    expect((await rootAt(read, store.placement, full.time)).root).not.toEqual(full.root);
    // They came after it: a checkpoint says nothing about what follows.
    expect(await rootAt(read, store.placement, early.time)).toEqual(early);
  });

  it.each([
    ['the outcome of a request', `UPDATE ledger.requests SET outcome = '\\x' WHERE user_id = 'idle'`],
    ['who sent a request', `UPDATE ledger.requests SET caller = 'mallory' WHERE user_id = 'idle'`],
    ['a request that is gone', `DELETE FROM ledger.requests WHERE user_id = 'idle'`],
    [
      'the commit order, everywhere at once',
      `UPDATE ledger.transactions SET commit_order = 1;
       UPDATE ledger.accounts SET commit_order = 1`,
    ],
    ['an open hold', `UPDATE ledger.holds SET amount = 2 WHERE user_id = 'ada'`],
    ['what became of a hold', `UPDATE ledger.holds SET state = 3 WHERE user_id = 'ada'`],
    ['the price of an item', `UPDATE ledger.item_versions SET price = 4`],
    ['an item that is gone', `DELETE FROM ledger.item_versions`],
    [
      'a whole asset that is gone',
      ['entries', 'accounts', 'holds', 'requests', 'item_versions']
        .map((table) => `DELETE FROM ledger.${table}`)
        .join(';'),
    ],
  ])('shows %s', async (_what, sql) => {
    expect((await rootAt(read, store.placement, root.time)).root).toEqual(root.root);
    await tamper(ledger.database, sql);
    expect((await rootAt(read, store.placement, root.time)).root).not.toEqual(root.root);
  });

  it('agrees when a hold ends later', async () => {
    for await (const { holdId } of ledger.client().listHolds({ userId: 'ada' })) {
      await ledger.client().releaseHold({ userId: 'ada', holdId });
    }
    expect((await rootAt(read, store.placement, root.time)).root).toEqual(root.root);
  });

  it('shows an account that is gone with its entries', async () => {
    await tamper(
      ledger.database,
      `DELETE FROM ledger.accounts WHERE user_id = 'bob'; DELETE FROM ledger.entries WHERE user_id = 'bob'`,
    );
    expect(await rootAt(read, store.placement, root.time)).toMatchObject({
      accounts: root.accounts - 1n,
      entries: 201n,
    });
  });
});

describe('a final time', () => {
  let writer: Client;

  beforeEach(async () => {
    writer = new Client({ connectionString: ledger.database.url });
    await writer.connect();
  });
  afterEach(() => writer.end());

  it('waits for the end of what was being written then', async () => {
    await readMarkedClock();
    let isFinal = false;
    const time = finalTime(read).then((micros) => {
      isFinal = true;
      return micros;
    });
    // Later writes come and go: only those that were there are waited for.
    await ledger.client().credit({ userId: 'dan', asset: 'GOLD', amount: 1n });
    await ledger.client(1).credit({ userId: 'dan', asset: 'GOLD', amount: 1n });
    expect(isFinal).toBe(false);
    await writer.query('COMMIT');
    await waitUntil('the time is final', () => isFinal);
    expect(await time).toBeLessThan(BigInt(Date.now() + 1) * 1000n);
  });

  it('gives up when that takes too long', async () => {
    await readMarkedClock();
    await expect(finalTime(read, 1)).rejects.toThrow(/has been writing/);
  });

  it('does not wait for readers, such as a dump', async () => {
    await writer.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM ledger.accounts');
    await expect(finalTime(read, 1)).resolves.toBeGreaterThan(root.time);
  });

  /** As every batch does. */
  async function readMarkedClock(): Promise<void> {
    await writer.query(`BEGIN; SELECT ${MARKED_CLOCK}`);
  }
});

describe('the file of a checkpoint', () => {
  const pem = { type: 'pkcs8', format: 'pem' } as const;
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const own = privateKeyOf(privateKey.export(pem).toString());

  it('comes back as it was written, with a signature that fits its key and no other', () => {
    const checkpoint = parseCheckpoint(checkpointText(signRoot(root, own)));
    expect(checkpoint).toMatchObject(root);
    expect(isSigned(checkpoint, publicKey)).toBe(true);
    expect(isSigned(checkpoint, publicKeyOf(privateKey.export(pem).toString()))).toBe(true);
    expect(isSigned(checkpoint, generateKeyPairSync('ed25519').publicKey)).toBe(false);
  });

  it.each(['time_micros', 'accounts', 'entries', 'root', 'signature'])('shows an altered %s', (field) => {
    const fields = JSON.parse(checkpointText(signRoot(root, own))) as Record<string, string>;
    const value = fields[field]!;
    const altered = { ...fields, [field]: value.replace(/.$/, value.endsWith('1') ? '2' : '1') };
    expect(isSigned(parseCheckpoint(JSON.stringify(altered)), publicKey)).toBe(false);
  });

  it('is refused when it is something else', () => {
    const text = checkpointText(signRoot(root, own));
    expect(() => parseCheckpoint('nonsense')).toThrow('the checkpoint is not JSON');
    expect(() => parseCheckpoint(text.replace('"version":1', '"version":2'))).toThrow('version 1');
    expect(() => parseCheckpoint(text.replace(/"root":"../, '"root":"'))).toThrow('root cannot be read');
  });

  it('is signed with Ed25519 only', () => {
    const rsa = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pem).toString();
    expect(() => privateKeyOf(rsa)).toThrow('must be an Ed25519 key');
    expect(() => publicKeyOf('nonsense')).toThrow('no public key');
  });
});
