import { randomBytes } from 'node:crypto';
import { ID_RANDOM_BYTES, transactionIdAt } from '../../../services/ledger/dist/ledger/transaction-id';

/** A transaction id of the ledger's format, for variants that create their own. */
export function newTransactionId(timeMicros: bigint, counter = 0): string {
  return transactionIdAt(timeMicros, counter, randomBytes(ID_RANDOM_BYTES).toString('hex'));
}
