import { GetTransactionRequest, GetTransactionResponse } from '../gen/ledger/v1/ledger_service';
import { EntryKind, type Transaction } from '../ledger/transaction';
import { findTransaction } from '../store/statements/find-transaction';
import type { Store } from '../store/store';
import { bytesOf, transactionMessage } from './message';
import { Shape } from './shape';
import { RpcError } from './status';
import type { UnaryMethod } from './unary';

/** GetTransaction: by its id, and its owner where one is named. */
export function getTransaction(store: Store): UnaryMethod<GetTransactionRequest> {
  return {
    path: 'ledger.v1.LedgerService/GetTransaction',
    decode: (bytes) => GetTransactionRequest.decode(bytes),
    handle: async (request, { deadline }) => {
      const { transactionId, userId } = transactionQuery(request);
      const transaction = await store.read(
        (connection) => findTransaction(connection, transactionId, userId),
        deadline,
      );
      if (transaction === null) {
        throw new RpcError({
          reason: 'TRANSACTION_NOT_FOUND',
          message: `no transaction ${transactionId}`,
          metadata: { transaction_id: transactionId },
        });
      }
      const message = transactionMessage(transaction, reversibleAmount(transaction));
      return bytesOf(GetTransactionResponse.encode({ transaction: message }));
    },
  };
}

/** Which transaction, and whose; of anybody when empty. Throws INVALID_FIELD with all that is wrong. */
export function transactionQuery(request: GetTransactionRequest): { transactionId: string; userId: string } {
  const shape = new Shape();
  const transactionId = shape.uuid('transaction_id', request.transactionId);
  const userId = request.userId === '' ? '' : shape.userId('user_id', request.userId);
  shape.refuse();
  return { transactionId, userId };
}

/** Two entries may be taken back in parts; more only whole, which counts as one. Nothing is reversed yet. */
function reversibleAmount({ kind, entries }: Transaction): bigint {
  if (kind === EntryKind.REVERSAL) return 0n;
  const [first] = entries;
  if (entries.length !== 2 || first === undefined) return 1n;
  return first.change < 0n ? -first.change : first.change;
}
