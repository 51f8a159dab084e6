import type { Entry } from '@ledger/client';
import type { EntryRow } from '../harness/ledger-rows';

/** All fields of a stored entry as one line. */
export function lineOfRow(row: EntryRow): string {
  const { userId, asset, stripe, sequence, transactionId, kind, change, balanceAfter, debitsAfter } = row;
  const { createTime, effectiveTime, hash } = row;
  return [
    ...[userId, asset, stripe, sequence, transactionId, kind, change, balanceAfter, debitsAfter],
    ...[createTime, effectiveTime, hash],
  ].join(' ');
}

/** An entry of a response, in the same form. */
export function lineOfEntry(entry: Entry): string {
  const createTime = epochMicrosOf(entry.createTime);
  const effectiveTime = entry.effectiveTime === undefined ? null : epochMicrosOf(entry.effectiveTime);
  const { balanceAfter, debitsAfter } = exactSums(entry);
  const hash = Buffer.from(entry.hash).toString('hex');
  return lineOfRow({ ...entry, balanceAfter, debitsAfter, createTime, effectiveTime, hash, cell: 0 });
}

/** What an entry's account has and has spent, also where that passes int64. */
export function exactSums(entry: Entry): { balanceAfter: bigint; debitsAfter: bigint } {
  const { balanceAfter, debitsAfter, exactBalanceAfter, exactDebitsAfter } = entry;
  return {
    balanceAfter: exactBalanceAfter === '' ? balanceAfter : BigInt(exactBalanceAfter),
    debitsAfter: exactDebitsAfter === '' ? debitsAfter : BigInt(exactDebitsAfter),
  };
}

/** A timestamp in epoch micros; 0 when it is missing. */
export function epochMicrosOf(time: Entry['createTime']): bigint {
  return (time?.seconds ?? 0n) * 1_000_000n + BigInt(time?.nanos ?? 0) / 1000n;
}
