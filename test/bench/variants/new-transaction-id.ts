import { randomBytes } from 'node:crypto';
import { ID_RANDOM_DIGITS, transactionIdAt } from '../../../services/ledger/dist/ledger/transaction-id';

/** A transaction id of the ledger's format, for variants that create their own and have no buckets. */
export function newTransactionId(timeMicros: bigint, counter = 0): string {
  const digits = randomBytes(ID_RANDOM_DIGITS).toString('hex').slice(0, ID_RANDOM_DIGITS);
  return transactionIdAt(timeMicros, counter, 0, digits);
}
