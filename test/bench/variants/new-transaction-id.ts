import { randomBytes } from 'node:crypto';
import { ID_RANDOM_BYTES, transactionIdAt } from '../../../services/ledger/dist/ledger/transaction-id';

/** An id as the ledger makes them, for a variant that makes its own. */
export function newTransactionId(timeMicros: bigint, counter = 0): string {
  return transactionIdAt(timeMicros, counter, randomBytes(ID_RANDOM_BYTES).toString('hex'));
}
