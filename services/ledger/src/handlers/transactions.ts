import { CallError } from '@ledger/kit/rpc/call-error';
import {
  GetTransactionRequest,
  GetTransactionResponse,
  ListTransactionsRequest,
  ListTransactionsResponse,
} from '@ledger/proto/ledger/v1/ledger_service';
import type { Transaction as TransactionMessage } from '@ledger/proto/ledger/v1/ledger';
import { reversibleAmountOf } from '../ledger/post';
import { EntryKind, type Transaction } from '../ledger/transaction';
import { FIRST_ID, idBoundary, LAST_ID } from '../ledger/transaction-id';
import type { Placement } from '../ledger/placement';
import type { Connection } from '../store/pg/connection';
import { inCell } from '../store/pg/in-cell';
import {
  findOwnTransaction,
  findTransaction,
  listTransactions as selectTransactions,
  type TransactionFilter,
} from '../store/statements/find-transaction';
import { sumReversals } from '../store/statements/sum-reversals';
import type { SettledHorizon } from '../store/settled-horizon';
import type { Store } from '../store/store';
import { entryKinds, newestFirst } from '../mapping/filters';
import { bytesOf, transactionMessage } from '../mapping/messages';
import { pageOf, type PageFilter, type PageTokens } from '../mapping/page-token';
import { RequestValidator } from '../mapping/validator';
import { endOfListing } from './settled';
import type { Reason } from '../mapping/status';
import type { UnaryMethod } from '@ledger/kit/rpc/unary';

/** GetTransaction: one transaction by its id, and by its owner if the request names one. */
export function getTransaction(store: Store): UnaryMethod<GetTransactionRequest> {
  return {
    path: 'ledger.v1.LedgerService/GetTransaction',
    decode: (bytes) => GetTransactionRequest.decode(bytes),
    handle: async (request, { deadline }) => {
      const { transactionId, userId } = transactionQuery(request);
      const transaction = await store.read(async (connection) => {
        const found =
          userId === ''
            ? await findTransaction(connection, store.placement, transactionId)
            : await findOwnTransaction(connection, store.placement, transactionId, userId);
        return found === null ? null : (await messagesOf(connection, store.placement, [found]))[0];
      }, deadline);
      if (transaction === null) {
        throw new CallError<Reason>('TRANSACTION_NOT_FOUND', `no transaction ${transactionId}`, {
          metadata: { transaction_id: transactionId },
        });
      }
      return bytesOf(GetTransactionResponse.encode({ transaction }));
    },
  };
}

/** The transaction id, and the owner; an empty owner matches any. Throws INVALID_FIELD that names every invalid field. */
export function transactionQuery(request: GetTransactionRequest): { transactionId: string; userId: string } {
  const validator = new RequestValidator();
  const transactionId = validator.uuid('transaction_id', request.transactionId);
  const userId = validator.optionalUserId('user_id', request.userId);
  validator.throwIfInvalid();
  return { transactionId, userId };
}

/** ListTransactions: the transactions of a user, with a reference, or both, in order of time. */
export function listTransactions(
  store: Store,
  tokens: PageTokens,
  horizon: SettledHorizon,
): UnaryMethod<ListTransactionsRequest> {
  return {
    path: 'ledger.v1.LedgerService/ListTransactions',
    decode: (bytes) => ListTransactionsRequest.decode(bytes),
    handle: async (request, context) => {
      const { filter, start, end, pageSize, token } = transactionsQuery(request);
      const bound: PageFilter = [
        'ListTransactions',
        ...[filter.userId, filter.reference, filter.newestFirst, start, end, [...filter.kinds].sort().join()],
      ];
      const position = tokens.open(bound, token)?.toString() ?? null;
      const stop = await endOfListing(horizon, { end, isForward: !filter.newestFirst }, context);
      return store.reader('list')(async (connection) => {
        const between = rangeOf(filter, start, stop, position);
        const found = await selectTransactions(connection, store.placement, filter, between, pageSize + 1);
        const { rows, last } = pageOf(found, pageSize);
        const nextPageToken = last === undefined ? '' : tokens.seal(bound, Buffer.from(last.transactionId));
        const transactions = await messagesOf(connection, store.placement, rows);
        return bytesOf(ListTransactionsResponse.encode({ transactions, nextPageToken }));
      }, context.deadline);
    },
  };
}

/** Which transactions. Throws INVALID_FIELD that names every invalid field. A forged page token is found later. */
export function transactionsQuery(request: ListTransactionsRequest): {
  filter: TransactionFilter;
  start: bigint | null;
  end: bigint | null;
  pageSize: number;
  token: string;
} {
  const validator = new RequestValidator();
  const filter = filterOf(validator, request);
  const start = validator.optionalTime('start_time', request.startTime);
  const end = validator.optionalTime('end_time', request.endTime);
  const pageSize = validator.pageSize(request.pageSize);
  const token = validator.pageToken(request.pageToken);
  validator.throwIfInvalid();
  return { filter, start, end, pageSize, token };
}

function filterOf(validator: RequestValidator, request: ListTransactionsRequest): TransactionFilter {
  if (request.userId === '' && request.reference === '') {
    validator.addViolation('user_id', 'is required unless a reference is given');
  }
  return {
    userId: validator.optionalUserId('user_id', request.userId),
    reference: validator.reference(request.reference),
    newestFirst: newestFirst(validator, request.order),
    kinds: entryKinds(validator, request.kinds),
  };
}

/** The ids that bound a page. Ids begin with their time, so a time window is a range of ids. */
function rangeOf(
  filter: TransactionFilter,
  start: bigint | null,
  end: bigint | null,
  position: string | null,
): [after: string, before: string] {
  const after = start === null ? FIRST_ID : idBoundary(start);
  const before = end === null ? LAST_ID : idBoundary(end);
  if (position === null) return [after, before];
  return filter.newestFirst ? [after, position] : [position, before];
}

/** Transactions, each with the amount that may still be reversed. */
async function messagesOf(
  connection: Connection,
  placement: Placement,
  transactions: readonly Transaction[],
): Promise<TransactionMessage[]> {
  const cells = placement.byCell(transactions, ({ userId }) => placement.ofUser(userId));
  const found = await Promise.all(cells.map(([cell, own]) => sumReversals(inCell(connection, cell), own)));
  const reversed = new Map(found.flatMap((amounts) => [...amounts]));
  return transactions.map((transaction) => {
    const { kind, entries, transactionId } = transaction;
    const total = kind === EntryKind.REVERSAL ? 0n : reversibleAmountOf(entries);
    return transactionMessage(transaction, total - (reversed.get(transactionId) ?? 0n));
  });
}
