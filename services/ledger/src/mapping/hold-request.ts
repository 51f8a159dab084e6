import type {
  CaptureHoldRequest,
  PlaceHoldRequest,
  ReleaseHoldRequest,
} from '@ledger/proto/ledger/v1/ledger_service';
import {
  REVENUE_ACCOUNT,
  type CaptureHoldCommand,
  type PlaceHoldCommand,
  type ReleaseHoldCommand,
} from '../ledger/command';
import { NO_CALLER, type Shape } from './validator';

/** PlaceHold as a command. */
export function placeHoldCommand(request: PlaceHoldRequest, shape: Shape): PlaceHoldCommand {
  return {
    kind: 'PlaceHold',
    caller: NO_CALLER,
    requestId: shape.requestId(request.requestId),
    scope: request.userId,
    userId: shape.userId('user_id', request.userId),
    asset: shape.asset('asset', request.asset),
    amount: shape.positive('amount', request.amount),
    expireTime: shape.optionalTime('expire_time', request.expireTime),
    destination: shape.systemAccount('destination', request.destination, REVENUE_ACCOUNT),
  };
}

/** CaptureHold as a command. */
export function captureHoldCommand(request: CaptureHoldRequest, shape: Shape): CaptureHoldCommand {
  return {
    kind: 'CaptureHold',
    caller: NO_CALLER,
    requestId: shape.requestId(request.requestId),
    scope: request.userId,
    userId: shape.userId('user_id', request.userId),
    holdId: shape.uuid('hold_id', request.holdId),
    amount: shape.notNegative('amount', request.amount),
  };
}

/** ReleaseHold as a command. */
export function releaseHoldCommand(request: ReleaseHoldRequest, shape: Shape): ReleaseHoldCommand {
  return {
    kind: 'ReleaseHold',
    caller: NO_CALLER,
    requestId: shape.requestId(request.requestId),
    scope: request.userId,
    userId: shape.userId('user_id', request.userId),
    holdId: shape.uuid('hold_id', request.holdId),
  };
}
