import { CreditRequest, CreditResponse } from '@ledger/proto/ledger/v1/ledger_service';
import { ISSUANCE_ACCOUNT } from '../../ledger/command';
import type { CreditCommand } from '../../ledger/writes/credit';
import { transactionAndBalance } from '../messages';
import { NO_CALLER } from '../validator';
import type { WriteMapping } from '../write-mapping';

/** Credit. */
export const credit: WriteMapping<CreditCommand, CreditRequest, CreditResponse> = {
  path: 'ledger.v1.LedgerService/Credit',
  request: CreditRequest,
  response: CreditResponse,
  batch: { name: 'credit', number: 1 },
  streamNumber: 3,
  scopeOf: ({ userId }) => userId,

  toCommand(request, scope, validator) {
    return {
      kind: 'Credit',
      caller: NO_CALLER,
      requestId: validator.requestId(request.requestId),
      scope,
      userId: validator.userId('user_id', request.userId),
      asset: validator.asset('asset', request.asset),
      amount: validator.positive('amount', request.amount),
      source: validator.systemAccount('source', request.source, ISSUANCE_ACCOUNT),
      ...validator.annotations(request),
    };
  },

  toResponse: transactionAndBalance,
};
