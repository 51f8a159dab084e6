import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { entryHash, transactionDigest } from '../../services/ledger/src/ledger/hash-chain';
import { EntryKind, sortedMetadata } from '../../services/ledger/src/ledger/transaction';
import { digestOf, entryHashOf } from '../harness/ledger-layout';

/** Whole numbers are text, as JSON has none beyond 53 bits. */
interface TransactionVector {
  readonly name: string;
  readonly hash: string;
  readonly transaction_id: string;
  readonly kind: number;
  readonly user_id: string;
  readonly request_id: string;
  readonly caller: string;
  readonly create_time: string;
  readonly effective_time: string | null;
  readonly description: string;
  readonly reference: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly item: Readonly<
    Record<'item_id' | 'name' | 'price_version' | 'unit_price' | 'quantity', string>
  > | null;
  readonly reverses_transaction_id: string | null;
  readonly legs: readonly { user_id: string; asset: string; stripe: number; change: string }[];
}

interface EntryVector {
  readonly name: string;
  readonly hash: string;
  readonly previous_hash: string;
  readonly digest: string;
  readonly user_id: string;
  readonly asset: string;
  readonly stripe: number;
  readonly sequence: string;
  readonly change: string;
  readonly balance_after: string;
  readonly debits_after: string;
  readonly effective_time: string | null;
}

const docs = join(__dirname, '../../docs');
const { transactions, entries } = JSON.parse(readFileSync(join(docs, 'hash-vectors.json'), 'utf8')) as {
  transactions: TransactionVector[];
  entries: EntryVector[];
};

// Made from the documented layout by another program. Stored rows are never written again: whoever changes these
// numbers breaks the proof of every ledger there is, and needs a new version beside this one.
describe('the published hash', () => {
  it.each(transactions.map((vector) => [vector.name, vector] as const))('of %s is ours', (_name, vector) => {
    const kind = Object.values(EntryKind).find((each) => each === vector.kind)!;
    const { item } = vector;
    const common = {
      ...{ transactionId: vector.transaction_id, kind, userId: vector.user_id, requestId: vector.request_id },
      ...{ caller: vector.caller, description: vector.description, reference: vector.reference },
      ...{ createTime: BigInt(vector.create_time), effectiveTime: numberOf(vector.effective_time) },
      reversesTransactionId: vector.reverses_transaction_id,
    };
    const paid = item && {
      ...{ itemId: item.item_id, name: item.name, priceVersion: BigInt(item.price_version) },
      ...{ unitPrice: BigInt(item.unit_price), quantity: BigInt(item.quantity) },
    };
    const metadata = sortedMetadata(new Map(Object.entries(vector.metadata)));
    const legs = vector.legs.map(({ user_id: userId, asset, stripe, change }) => ({
      ...{ userId, asset, stripe, change: BigInt(change) },
    }));
    expect(transactionDigest({ ...common, metadata, item: paid }, legs).toString('hex')).toBe(vector.hash);
    // The layout that the tests of the tables use.
    const written = paid && { ...paid, version: paid.priceVersion };
    expect(digestOf({ ...common, metadata: vector.metadata, item: written }, legs)).toBe(vector.hash);
  });

  it.each(entries.map((vector) => [vector.name, vector] as const))('of %s is ours', (_name, vector) => {
    const { asset, stripe, previous_hash: previous, digest } = vector;
    const entry = {
      ...{ userId: vector.user_id, asset, stripe, sequence: BigInt(vector.sequence) },
      ...{ change: BigInt(vector.change), balanceAfter: BigInt(vector.balance_after) },
      ...{ debitsAfter: BigInt(vector.debits_after), effectiveTime: numberOf(vector.effective_time) },
    };
    const hash = entryHash(Buffer.from(previous, 'hex'), Buffer.from(digest, 'hex'), entry);
    expect(hash.toString('hex')).toBe(vector.hash);
    expect(entryHashOf(previous, digest, entry)).toBe(vector.hash);
  });
});

const hasPython = spawnSync('python3', ['--version']).status === 0;
const whereThereIsPython = hasPython ? it : it.skip;

whereThereIsPython.each([
  ['hash-vectors.py', `${transactions.length + entries.length} hashes agree\n`],
  ['bucket-vectors.py', '11 buckets agree\n'],
])(
  `the published program %s recomputes them all${hasPython ? '' : ' (left out: there is no python3)'}`,
  (program, stdout) => {
    const run = spawnSync('python3', [join(docs, program)], { encoding: 'utf8' });
    expect(run).toMatchObject({ status: 0, stderr: '', stdout });
  },
);

function numberOf(text: string | null): bigint | null {
  return text === null ? null : BigInt(text);
}
