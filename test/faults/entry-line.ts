import type { Entry } from '@ledger/client';
import type { EntryRow } from '../harness/ledger-rows';

/** All fields of a stored entry as one line. */
export function lineOfRow(row: EntryRow): string {
  const { userId, asset, stripe, sequence, transactionId, kind, change, balanceAfter, createTime, hash } =
    row;
  return [userId, asset, stripe, sequence, transactionId, kind, change, balanceAfter, createTime, hash].join(
    ' ',
  );
}

/** An entry of a response, in the same form. */
export function lineOfEntry(entry: Entry): string {
  const createTime = epochMicrosOf(entry.createTime);
  return lineOfRow({ ...entry, createTime, hash: Buffer.from(entry.hash).toString('hex') });
}

/** A timestamp in epoch micros; 0 when it is missing. */
export function epochMicrosOf(time: Entry['createTime']): bigint {
  return (time?.seconds ?? 0n) * 1_000_000n + BigInt(time?.nanos ?? 0) / 1000n;
}
