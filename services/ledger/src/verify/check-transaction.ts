import { HASH_VERSION, transactionDigest } from '../ledger/hash-chain';
import { fitsInt64 } from '../ledger/money';
import { reversibleAmountOf } from '../ledger/post';
import { EntryKind, sortedMetadata, type Metadata, type TransactionHeader } from '../ledger/transaction';
import type { EntryKey, StoredLeg, StoredTransaction } from '../store/statements/read-stored-transactions';
import { violationAt } from './check-account';
import type { Rule, Violation } from './violation';

/** The entries that a transaction names, in order; null when the list cannot be read. */
export function entryKeysOf({ entryKeys }: StoredTransaction): EntryKey[] | null {
  if (!Array.isArray(entryKeys)) return null;
  const keys = entryKeys.map(entryKeyOf);
  return keys.every((key) => key !== null) ? keys : null;
}

/**
 * Checks a transaction and its legs, which are given in the order of its keys. When several legs do not fit together,
 * it is unknown which one was changed, so the violation is reported for each of them.
 */
export function checkTransaction(
  transaction: StoredTransaction,
  keys: readonly EntryKey[] | null,
  legs: readonly (StoredLeg | null)[],
): Violation[] {
  const { transactionId, userId } = transaction;
  if (keys === null) {
    const nowhere = { userId: '', asset: '', stripe: 0 };
    return [
      violationAt(
        nowhere,
        1,
        0n,
        transactionId,
        `the entries of the transaction of ${userId} cannot be read`,
      ),
    ];
  }
  const at = (key: EntryKey, rule: Rule, detail: string): Violation =>
    violationAt(key, rule, key.sequence, transactionId, detail);
  const missing = keys.flatMap((key, index) => {
    const leg = legs[index] ?? null;
    if (leg === null) return at(key, 1, 'a transaction names this entry, which is missing');
    if (leg.transactionId === transactionId) return [];
    return at(key, 1, `a transaction names this entry, which belongs to ${leg.transactionId}`);
  });
  if (missing.length > 0) return missing;
  const whole = keys.map((key, index) => ({ ...key, change: legs[index]?.change ?? 0n }));
  return [
    ...checkSums(whole).flatMap(({ concerned, detail }) => concerned.map((key) => at(key, 1, detail))),
    ...checkDigest(transaction, whole).flatMap((detail) => keys.map((key) => at(key, 7, detail))),
  ];
}

type Leg = EntryKey & { readonly change: bigint };

function checkSums(legs: readonly Leg[]): { concerned: readonly Leg[]; detail: string }[] {
  const found = [];
  const accounts = new Set(legs.map(({ userId, asset, stripe }) => `${userId}\0${asset}\0${stripe}`));
  if (accounts.size < legs.length)
    found.push({ concerned: legs, detail: 'its transaction names an account twice' });
  for (const asset of new Set(legs.map((leg) => leg.asset))) {
    const concerned = legs.filter((leg) => leg.asset === asset);
    const sum = concerned.reduce((total, leg) => total + leg.change, 0n);
    if (sum !== 0n) found.push({ concerned, detail: `the entries of its transaction sum to ${sum}, not 0` });
  }
  return found;
}

/** Checks the digest, and the two columns that follow from what it covers. */
function checkDigest(transaction: StoredTransaction, legs: readonly Leg[]): string[] {
  const { digest, hashVersion, reversedAmount, kind } = transaction;
  if (hashVersion !== HASH_VERSION)
    return [`its transaction has the hash version ${hashVersion}, unknown here`];
  const found = [];
  const header = headerOf(transaction);
  const expected = header === null ? null : transactionDigest(header, legs);
  if (expected === null || !digest.equals(expected)) {
    const gives = expected === null ? 'none' : expected.toString('hex');
    found.push(`the digest of its transaction is ${digest.toString('hex')}, its content gives ${gives}`);
  }
  const reversed = kind === EntryKind.REVERSAL ? reversibleAmountOf(legs) : null;
  if (reversedAmount !== reversed) {
    found.push(
      `its transaction takes ${reversedAmount ?? 'nothing'} back, its entries ${reversed ?? 'nothing'}`,
    );
  }
  return found;
}

/** The header that the digest covers; null when the ledger never writes such a row. */
function headerOf(transaction: StoredTransaction): TransactionHeader | null {
  const { kind, createTime, itemId, itemName: name, priceVersion, unitPrice, quantity } = transaction;
  const metadata = metadataOf(transaction.metadata);
  if (!isEntryKind(kind) || createTime === null || metadata === null) return null;
  const bought =
    itemId !== null && name !== null && priceVersion !== null && unitPrice !== null && quantity !== null;
  const parts: readonly unknown[] = [itemId, name, priceVersion, unitPrice, quantity];
  if (!bought && parts.some((part) => part !== null)) return null;
  return {
    transactionId: transaction.transactionId,
    kind,
    userId: transaction.userId,
    requestId: transaction.requestId,
    caller: transaction.caller,
    createTime,
    effectiveTime: transaction.effectiveTime,
    description: transaction.description,
    reference: transaction.reference,
    metadata,
    item: bought ? { itemId, name, priceVersion, unitPrice, quantity } : null,
    reversesTransactionId: transaction.reversesTransactionId,
  };
}

/** Pairs of a row; null: no row of the ledger has such a value. */
export function metadataOf(json: unknown): Metadata | null {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return null;
  const pairs = new Map<string, string>();
  for (const [key, value] of Object.entries(json)) {
    if (typeof value !== 'string') return null;
    pairs.set(key, value);
  }
  return sortedMetadata(pairs);
}

function isEntryKind(kind: number): kind is EntryKind {
  return Object.values<number>(EntryKind).includes(kind);
}

function entryKeyOf(json: unknown): EntryKey | null {
  if (!Array.isArray(json) || json.length !== 4) return null;
  const [userId, asset, stripe, sequence] = json as unknown[];
  if (typeof userId !== 'string' || typeof asset !== 'string' || !isStripe(stripe)) return null;
  if (typeof sequence !== 'string' || !/^[1-9][0-9]{0,18}$/.test(sequence) || !fitsInt64(BigInt(sequence)))
    return null;
  return { userId, asset, stripe, sequence: BigInt(sequence) };
}

function isStripe(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 31;
}
