import { ReleaseHoldRequest, ReleaseHoldResponse } from '@ledger/proto/ledger/v1/ledger_service';
import type { ReleaseHoldCommand } from '../../ledger/writes/release-hold';
import { holdAndBalance } from '../messages';
import { NO_CALLER } from '../validator';
import type { WriteMapping } from '../write-mapping';

/** ReleaseHold. */
export const releaseHold: WriteMapping<ReleaseHoldCommand, ReleaseHoldRequest, ReleaseHoldResponse> = {
  path: 'ledger.v1.LedgerService/ReleaseHold',
  request: ReleaseHoldRequest,
  response: ReleaseHoldResponse,
  batch: { name: 'releaseHold', number: 8 },
  streamNumber: 10,
  scopeOf: ({ userId }) => userId,

  toCommand(request, scope, validator) {
    return {
      kind: 'ReleaseHold',
      caller: NO_CALLER,
      requestId: validator.requestId(request.requestId),
      scope,
      userId: validator.userId('user_id', request.userId),
      holdId: validator.uuid('hold_id', request.holdId),
    };
  },

  toResponse: holdAndBalance,
};
