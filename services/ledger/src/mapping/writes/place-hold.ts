import { PlaceHoldRequest, PlaceHoldResponse } from '@ledger/proto/ledger/v1/ledger_service';
import { REVENUE_ACCOUNT } from '../../ledger/command';
import type { PlaceHoldCommand } from '../../ledger/writes/place-hold';
import { holdAndBalance } from '../messages';
import { NO_CALLER } from '../validator';
import type { WriteMapping } from '../write-mapping';

/** PlaceHold. */
export const placeHold: WriteMapping<PlaceHoldCommand, PlaceHoldRequest, PlaceHoldResponse> = {
  path: 'ledger.v1.LedgerService/PlaceHold',
  request: PlaceHoldRequest,
  response: PlaceHoldResponse,
  batch: { name: 'placeHold', number: 6 },
  streamNumber: 8,
  scopeOf: ({ userId }) => userId,

  toCommand(request, scope, validator) {
    return {
      kind: 'PlaceHold',
      caller: NO_CALLER,
      requestId: validator.requestId(request.requestId),
      scope,
      userId: validator.userId('user_id', request.userId),
      asset: validator.asset('asset', request.asset),
      amount: validator.positive('amount', request.amount),
      expireTime: validator.optionalTime('expire_time', request.expireTime),
      destination: validator.systemAccount('destination', request.destination, REVENUE_ACCOUNT),
    };
  },

  toResponse: holdAndBalance,
};
