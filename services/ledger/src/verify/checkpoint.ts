import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { CanonicalBytes } from '../ledger/canonical-bytes';
import type { LedgerRoot } from './ledger-root';

/** The layout of what is signed and of the root. */
const CHECKPOINT_VERSION = 1;

/**
 * Where the whole ledger stood at a time, signed and kept outside of the database.
 *
 * It proves that nothing up to its time was added, changed or removed since it was taken, by anybody without the
 * private key: every entry's hash covers all before it in its account, and the root covers the last one of each
 * account, and requests with their outcomes, holds as they stood then, item versions, and the commit order. That takes
 * both: the root equal to the one recomputed now, and chains that VerifyLedger finds whole.
 *
 * It does not prove: anything about what came after its time; that the ledger was right when it was taken; anything
 * against somebody who has the key, or who can put an older file of the same ledger, or none, in its place. Settings of
 * accounts are covered by the outcomes of their requests, which VerifyLedger compares with them.
 */
export interface Checkpoint extends LedgerRoot {
  /** Ed25519, over `signedBytes`. */
  readonly signature: Buffer;
}

/** A checkpoint or key that cannot be used; the message says why. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
}

/** Signs where the ledger stood. */
export function signRoot(root: LedgerRoot, privateKey: KeyObject): Checkpoint {
  return { ...root, signature: sign(null, signedBytes(root), privateKey) };
}

/** Whether the checkpoint is as the owner of the key signed it. */
export function isSigned(checkpoint: Checkpoint, publicKey: KeyObject): boolean {
  return verify(null, signedBytes(checkpoint), publicKey, checkpoint.signature);
}

/**
 * Layout, in canonical bytes: text `ledger.checkpoint`, byte version, i64 time (microseconds since 1970), i64
 * accounts, i64 entries, 32 bytes root.
 */
function signedBytes({ time, accounts, entries, root }: LedgerRoot): Buffer {
  const out = new CanonicalBytes().text('ledger.checkpoint').byte(CHECKPOINT_VERSION);
  return out.i64(time).i64(accounts).i64(entries).raw(root).bytes();
}

/** Reads an Ed25519 private key from PEM. */
export function privateKeyOf(pem: string): KeyObject {
  return ed25519(() => createPrivateKey(pem), 'private');
}

/** Reads an Ed25519 public key from PEM, or takes that of a private one. */
export function publicKeyOf(pem: string): KeyObject {
  return ed25519(() => createPublicKey(pem), 'public');
}

/** The checkpoint as a file: JSON, one line. */
export function checkpointText({ time, accounts, entries, root, signature }: Checkpoint): string {
  const fields = {
    version: CHECKPOINT_VERSION,
    time_micros: time.toString(),
    accounts: accounts.toString(),
    entries: entries.toString(),
    root: root.toString('hex'),
    signature: signature.toString('hex'),
  };
  return `${JSON.stringify(fields)}\n`;
}

/** Reads the file. Throws CheckpointError when it is not one of this version. */
export function parseCheckpoint(text: string): Checkpoint {
  const fields = jsonObject(text);
  if (fields['version'] !== CHECKPOINT_VERSION) {
    throw new CheckpointError(`this is not a checkpoint of version ${CHECKPOINT_VERSION}`);
  }
  const field = (name: string, pattern: RegExp): string => {
    const value = fields[name];
    if (typeof value === 'string' && pattern.test(value)) return value;
    throw new CheckpointError(`the checkpoint's ${name} cannot be read`);
  };
  return {
    time: BigInt(field('time_micros', /^[0-9]{1,18}$/)),
    accounts: BigInt(field('accounts', /^[0-9]{1,18}$/)),
    entries: BigInt(field('entries', /^[0-9]{1,18}$/)),
    root: Buffer.from(field('root', /^[0-9a-f]{64}$/), 'hex'),
    signature: Buffer.from(field('signature', /^[0-9a-f]{128}$/), 'hex'),
  };
}

function jsonObject(text: string): Partial<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch (error) {
    throw new CheckpointError('the checkpoint is not JSON', { cause: error });
  }
}

function ed25519(read: () => KeyObject, kind: string): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch (error) {
    throw new CheckpointError(`this is no ${kind} key in PEM`, { cause: error });
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new CheckpointError('the key must be an Ed25519 key');
  return key;
}
