import type { Metadata } from './transaction';

/** The hash that the first entry of a chain follows. */
export const GENESIS_HASH = Buffer.alloc(32);

/** What a caller sets on an account, beside what bears on decisions. */
export interface AccountSettings {
  readonly metadata: Metadata;
  /** Counts the changes of the settings; the etag is made of it. */
  readonly version: bigint;
  /** When they last changed, in microseconds since 1970; 0: never. */
  readonly updateTime: bigint;
}

/** The settings of an account that nobody set any. */
export const DEFAULT_SETTINGS: AccountSettings = { metadata: [], version: 0n, updateTime: 0n };

/** Names one account row: a user's holding of an asset, or one stripe of a system account's. */
export interface AccountKey {
  readonly userId: string;
  readonly asset: string;
  /** 0 for users. */
  readonly stripe: number;
}

/**
 * An account row as a batch sees it: loaded under its lock, changed in memory by one decision after the other,
 * written once at the end.
 */
export interface Account extends AccountKey {
  /** Number of entries so far; the last entry's sequence. */
  sequence: bigint;
  /** Sum of all entries, in the asset's smallest unit; of a user within int64. */
  balance: bigint;
  /** Gross volume: the sum of all that was taken from the account so far, as a positive number. No limit. */
  debits: bigint;
  /** Sum of open holds. */
  held: bigint;
  /** How low `balance - held` may go; means nothing for system accounts. */
  minBalance: bigint;
  frozen: boolean;
  /** No open hold expires before it, in microseconds since 1970; null: none expires. */
  nextHoldExpiry: bigint | null;
  /** Read only for commands that change settings; null otherwise. */
  settings: AccountSettings | null;
  /** When it was made, in microseconds since 1970; 0 for a new one. */
  createTime: bigint;
  /** Hash of the last entry. */
  lastHash: Buffer;
  /** Time of the last entry in microseconds since 1970, 0 before the first. */
  lastEntryTime: bigint;
  /** Commit order of the last entry. It never falls within an account, see `Transaction.commitOrder`. */
  commitOrder: bigint;
}

/** A system account is the counterpart of users' accounts. It is unlimited in both directions and kept in stripes. */
export function isSystemAccount(userId: string): boolean {
  return userId.startsWith('@');
}

/** One string per account row, for maps. Neither ids nor assets contain NUL. */
export function accountId(userId: string, asset: string, stripe: number): string {
  return `${userId}\0${asset}\0${stripe}`;
}

/** An account that was never written: zero, and the default settings. */
export function blankAccount(key: AccountKey): Account {
  return {
    userId: key.userId,
    asset: key.asset,
    stripe: key.stripe,
    sequence: 0n,
    balance: 0n,
    debits: 0n,
    held: 0n,
    minBalance: 0n,
    frozen: false,
    nextHoldExpiry: null,
    settings: DEFAULT_SETTINGS,
    createTime: 0n,
    lastHash: GENESIS_HASH,
    lastEntryTime: 0n,
    commitOrder: 0n,
  };
}

/** The etag of settings: opaque to callers. */
export function etagOf({ version }: Pick<AccountSettings, 'version'>): string {
  return `v${version}`;
}
