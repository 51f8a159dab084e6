import { isOutage, sqlState } from '@ledger/kit/postgres/sql-state';
import type { ErrorFacts } from '@ledger/kit/rpc/call-error';
import { INTERNAL_ERROR, type ErrorPolicy } from '@ledger/kit/rpc/error-policy';
import { errorCodec, type Reason } from './status';

/** How the errors of the ledger end its calls. */
export const ledgerErrors: ErrorPolicy<Reason> = { codec: errorCodec, describe };

const QUERY_CANCELED = '57014';

/** What a caller may know of an error that no part of the ledger named. */
function describe(error: unknown): ErrorFacts<Reason> {
  // A statement that ran into the time limit that the caller's deadline gave it.
  if (sqlState(error) === QUERY_CANCELED) {
    return { reason: 'NOT_STARTED', message: 'the deadline passed before the answer was there' };
  }
  if (isOutage(error)) {
    return { reason: 'STORE_UNAVAILABLE', message: 'the database is away' };
  }
  return INTERNAL_ERROR;
}
