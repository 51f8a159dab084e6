import {
  ReverseTransactionRequest,
  ReverseTransactionResponse,
} from '@ledger/proto/ledger/v1/ledger_service';
import type { ReverseTransactionCommand } from '../../ledger/writes/reverse-transaction';
import { transactionAndBalances } from '../messages';
import { NO_CALLER } from '../validator';
import type { WriteMapping } from '../write-mapping';

/** ReverseTransaction. */
export const reverseTransaction: WriteMapping<
  ReverseTransactionCommand,
  ReverseTransactionRequest,
  ReverseTransactionResponse
> = {
  path: 'ledger.v1.LedgerService/ReverseTransaction',
  request: ReverseTransactionRequest,
  response: ReverseTransactionResponse,
  batch: { name: 'reverseTransaction', number: 5 },
  streamNumber: 7,
  scopeOf: ({ userId }) => userId,

  toCommand(request, scope, validator) {
    return {
      kind: 'ReverseTransaction',
      caller: NO_CALLER,
      requestId: validator.requestId(request.requestId),
      scope,
      userId: validator.userId('user_id', request.userId),
      transactionId: validator.uuid('transaction_id', request.transactionId),
      amount: validator.notNegative('amount', request.amount),
      description: validator.description(request.description),
    };
  },

  toResponse: transactionAndBalances,
};
