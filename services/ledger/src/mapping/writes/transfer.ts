import { TransferRequest, TransferResponse } from '@ledger/proto/ledger/v1/ledger_service';
import type { TransferCommand } from '../../ledger/writes/transfer';
import { transactionAndBalance } from '../messages';
import { NO_CALLER } from '../validator';
import type { WriteMapping } from '../write-mapping';

/** Transfer: the sender owns it. */
export const transfer: WriteMapping<TransferCommand, TransferRequest, TransferResponse> = {
  path: 'ledger.v1.LedgerService/Transfer',
  request: TransferRequest,
  response: TransferResponse,
  batch: { name: 'transfer', number: 3 },
  streamNumber: 5,
  scopeOf: ({ fromUserId }) => fromUserId,

  toCommand(request, scope, validator) {
    if (request.fromUserId === request.toUserId)
      validator.addViolation('to_user_id', 'must differ from from_user_id');
    return {
      kind: 'Transfer',
      caller: NO_CALLER,
      requestId: validator.requestId(request.requestId),
      scope,
      userId: validator.userId('from_user_id', request.fromUserId),
      toUserId: validator.userId('to_user_id', request.toUserId),
      asset: validator.asset('asset', request.asset),
      amount: validator.positive('amount', request.amount),
      ...validator.annotations(request),
    };
  },

  toResponse: transactionAndBalance,
};
