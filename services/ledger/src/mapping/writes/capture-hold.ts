import { CaptureHoldRequest, CaptureHoldResponse } from '@ledger/proto/ledger/v1/ledger_service';
import type { CaptureHoldCommand } from '../../ledger/writes/capture-hold';
import { holdAndBalance } from '../messages';
import { NO_CALLER } from '../validator';
import type { WriteMapping } from '../write-mapping';

/** CaptureHold. */
export const captureHold: WriteMapping<CaptureHoldCommand, CaptureHoldRequest, CaptureHoldResponse> = {
  path: 'ledger.v1.LedgerService/CaptureHold',
  request: CaptureHoldRequest,
  response: CaptureHoldResponse,
  batch: { name: 'captureHold', number: 7 },
  streamNumber: 9,
  scopeOf: ({ userId }) => userId,

  toCommand(request, scope, validator) {
    return {
      kind: 'CaptureHold',
      caller: NO_CALLER,
      requestId: validator.requestId(request.requestId),
      scope,
      userId: validator.userId('user_id', request.userId),
      holdId: validator.uuid('hold_id', request.holdId),
      amount: validator.notNegative('amount', request.amount),
    };
  },

  toResponse: holdAndBalance,
};
