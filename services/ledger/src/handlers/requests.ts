import { CallError } from '@ledger/kit/rpc/call-error';
import { ErrorReason } from '@ledger/proto/ledger/v1/error_reason';
import { GetRequestRequest, GetRequestResponse } from '@ledger/proto/ledger/v1/ledger_service';
import { findRequest } from '../store/statements/find-request';
import { inCell } from '../store/pg/in-cell';
import type { Store } from '../store/store';
import { bytesOf, timestampOf } from '../mapping/messages';
import { RequestValidator } from '../mapping/validator';
import type { Reason } from '../mapping/status';
import type { UnaryMethod } from '@ledger/kit/rpc/unary';

/** GetRequest: how a request ended, without its body. */
export function getRequest(store: Store): UnaryMethod<GetRequestRequest> {
  return {
    path: 'ledger.v1.LedgerService/GetRequest',
    decode: (bytes) => GetRequestRequest.decode(bytes),
    handle: async (request, { deadline }) => {
      const { userId, requestId } = requestQuery(request);
      const cell = store.placement.ofRequest(userId, requestId);
      const found = await store.read(
        (connection) => findRequest(inCell(connection, cell), userId, requestId),
        deadline,
      );
      if (found === null) {
        throw new CallError<Reason>('REQUEST_NOT_FOUND', `no finished request ${requestId} of ${userId}`, {
          metadata: { user_id: userId, request_id: requestId },
        });
      }
      const { method, caller, code, transactionId, createTime } = found;
      return bytesOf(
        GetRequestResponse.encode({
          userId,
          requestId,
          method,
          caller,
          code,
          reason: reasonOf(found.reason),
          transactionId: transactionId ?? '',
          createTime: timestampOf(createTime),
        }),
      );
    },
  };
}

/** Which request. Throws INVALID_FIELD that names every invalid field. */
export function requestQuery(request: GetRequestRequest): { userId: string; requestId: string } {
  const validator = new RequestValidator();
  const userId = validator.scope('user_id', request.userId);
  const requestId = validator.requestId(request.requestId);
  validator.throwIfInvalid();
  return { userId, requestId };
}

function reasonOf(name: string): ErrorReason {
  return name in ErrorReason ? ErrorReason[name as keyof typeof ErrorReason] : ErrorReason.UNSPECIFIED;
}
