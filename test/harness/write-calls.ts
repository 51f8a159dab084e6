import type {
  BatchWriteRequest,
  CaptureHoldRequest,
  PlaceHoldRequest,
  PostTransactionRequest,
  ReleaseHoldRequest,
  ReverseTransactionRequest,
  TransferRequest,
  UpdateAccountRequest,
} from '@ledger/client';
import * as account from '@ledger/proto/ledger/v1/account_service';
import * as ledger from '@ledger/proto/ledger/v1/ledger_service';
import { callOf, type RawCall } from './raw-client';

const service = ledger.LedgerServiceService;

/** A Transfer as the client would send it. */
export function transferCall(request: TransferRequest): RawCall {
  return callOf(service.transfer, ledger.TransferRequest, request);
}

/** A PostTransaction as the client would send it. */
export function postTransactionCall(request: PostTransactionRequest): RawCall {
  return callOf(service.postTransaction, ledger.PostTransactionRequest, request);
}

/** A ReverseTransaction as the client would send it. */
export function reverseTransactionCall(request: ReverseTransactionRequest): RawCall {
  return callOf(service.reverseTransaction, ledger.ReverseTransactionRequest, request);
}

/** A PlaceHold as the client would send it. */
export function placeHoldCall(request: PlaceHoldRequest): RawCall {
  return callOf(service.placeHold, ledger.PlaceHoldRequest, request);
}

/** A CaptureHold as the client would send it. */
export function captureHoldCall(request: CaptureHoldRequest): RawCall {
  return callOf(service.captureHold, ledger.CaptureHoldRequest, request);
}

/** A ReleaseHold as the client would send it. */
export function releaseHoldCall(request: ReleaseHoldRequest): RawCall {
  return callOf(service.releaseHold, ledger.ReleaseHoldRequest, request);
}

/** An UpdateAccount as the client would send it. */
export function updateAccountCall(request: UpdateAccountRequest): RawCall {
  return callOf(account.AccountServiceService.updateAccount, account.UpdateAccountRequest, request);
}

/** A BatchWrite as the client would send it. */
export function batchWriteCall(request: BatchWriteRequest): RawCall {
  return callOf(service.batchWrite, ledger.BatchWriteRequest, request);
}
