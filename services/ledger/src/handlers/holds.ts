import { CallError } from '@ledger/kit/rpc/call-error';
import {
  GetHoldRequest,
  GetHoldResponse,
  ListHoldsRequest,
  ListHoldsResponse,
} from '@ledger/proto/ledger/v1/ledger_service';
import { HoldState } from '../ledger/hold';
import { LAST_ID } from '../ledger/transaction-id';
import { findHold, listHolds as selectHolds, type HoldFilter } from '../store/statements/list-holds';
import { inCell } from '../store/pg/in-cell';
import type { Store } from '../store/store';
import { bytesOf, holdMessage } from '../mapping/messages';
import { pageOf, type PageFilter, type PageTokens } from '../mapping/page-token';
import { RequestValidator } from '../mapping/validator';
import type { Reason } from '../mapping/status';
import type { UnaryMethod } from '@ledger/kit/rpc/unary';

const STATES = Object.values(HoldState);
/** The most states that one filter may name. */
const STATES_MAX = 8;

/** GetHold: a hold in its state by the database's clock. */
export function getHold(store: Store): UnaryMethod<GetHoldRequest> {
  return {
    path: 'ledger.v1.LedgerService/GetHold',
    decode: (bytes) => GetHoldRequest.decode(bytes),
    handle: async (request, { deadline }) => {
      const { userId, holdId } = holdQuery(request);
      const hold = await store.read(
        (connection) => findHold(inCell(connection, store.placement.ofUser(userId)), userId, holdId),
        deadline,
      );
      if (hold === null) {
        throw new CallError<Reason>('HOLD_NOT_FOUND', `no hold ${holdId} of ${userId}`, {
          metadata: { hold_id: holdId },
        });
      }
      return bytesOf(GetHoldResponse.encode({ hold: holdMessage(hold) }));
    },
  };
}

/** Which hold. Throws INVALID_FIELD that names every invalid field. */
export function holdQuery(request: GetHoldRequest): { userId: string; holdId: string } {
  const validator = new RequestValidator();
  const userId = validator.userId('user_id', request.userId);
  const holdId = validator.uuid('hold_id', request.holdId);
  validator.throwIfInvalid();
  return { userId, holdId };
}

/** ListHolds: a user's holds, newest first. */
export function listHolds(store: Store, tokens: PageTokens): UnaryMethod<ListHoldsRequest> {
  return {
    path: 'ledger.v1.LedgerService/ListHolds',
    decode: (bytes) => ListHoldsRequest.decode(bytes),
    handle: async (request, { deadline }) => {
      const { filter, pageSize, token } = holdsQuery(request);
      const bound: PageFilter = ['ListHolds', filter.userId, filter.asset, [...filter.states].sort().join()];
      const before = tokens.open(bound, token)?.toString() ?? LAST_ID;
      const found = await store.reader('list')(
        (connection) =>
          selectHolds(
            inCell(connection, store.placement.ofUser(filter.userId)),
            filter,
            before,
            pageSize + 1,
          ),
        deadline,
      );
      const { rows, last } = pageOf(found, pageSize);
      const nextPageToken = last === undefined ? '' : tokens.seal(bound, Buffer.from(last.holdId));
      return bytesOf(ListHoldsResponse.encode({ holds: rows.map(holdMessage), nextPageToken }));
    },
  };
}

/** Which holds. Throws INVALID_FIELD that names every invalid field. A forged page token is found later. */
export function holdsQuery(request: ListHoldsRequest): {
  filter: HoldFilter;
  pageSize: number;
  token: string;
} {
  const validator = new RequestValidator();
  const filter = filterOf(validator, request);
  const pageSize = validator.pageSize(request.pageSize);
  const token = validator.pageToken(request.pageToken);
  validator.throwIfInvalid();
  return { filter, pageSize, token };
}

function filterOf(validator: RequestValidator, request: ListHoldsRequest): HoldFilter {
  if (request.states.length > STATES_MAX) validator.addViolation('states', `must be up to ${STATES_MAX}`);
  return {
    userId: validator.userId('user_id', request.userId),
    asset: validator.optionalAsset('asset', request.asset),
    states: request.states
      .slice(0, STATES_MAX)
      .map((state, index) => holdState(validator, `states[${index}]`, state)),
  };
}

function holdState(validator: RequestValidator, field: string, state: number): HoldState {
  const known = STATES.find((value) => value === state);
  if (known === undefined) validator.addViolation(field, 'is not a known state');
  return known ?? HoldState.OPEN;
}
