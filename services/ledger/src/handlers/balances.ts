import { CallError } from '@ledger/kit/rpc/call-error';
import {
  BatchGetBalancesRequest,
  BatchGetBalancesResponse,
  GetBalanceRequest,
  GetBalanceResponse,
  ListBalancesRequest,
  ListBalancesResponse,
} from '@ledger/proto/ledger/v1/ledger_service';
import type { Balance } from '@ledger/proto/ledger/v1/ledger';
import type { BalanceReader } from '../store/balance-reader';
import type { Placement } from '../ledger/placement';
import {
  listBalancesAsOfTimeOver,
  listBalancesOver,
  readBalancesAsOfTimeOver,
  readBalancesOver,
} from '../store/over-cells';
import type { Connection } from '../store/pg/connection';
import { inCell } from '../store/pg/in-cell';
import type { BalanceKey } from '../store/statements/read-balances';
import { readBalanceAsOfSequence } from '../store/statements/read-balances-as-of';
import type { SettledHorizon } from '../store/settled-horizon';
import type { Store } from '../store/store';
import { balanceMessage, bytesOf, pastBalanceMessage } from '../mapping/messages';
import { pageOf, type PageFilter, type PageTokens } from '../mapping/page-token';
import { RequestValidator } from '../mapping/validator';
import { untilSettled } from './settled';
import type { Reason } from '../mapping/status';
import type { UnaryMethod } from '@ledger/kit/rpc/unary';

const ACCOUNTS_MAX = 1000;

/** GetBalance: concurrent calls for what is there now share one statement. */
export function getBalance(
  store: Store,
  balances: BalanceReader,
  horizon: SettledHorizon,
): UnaryMethod<GetBalanceRequest> {
  return {
    path: 'ledger.v1.LedgerService/GetBalance',
    decode: (bytes) => GetBalanceRequest.decode(bytes),
    handle: async (request, context) => {
      const { deadline } = context;
      const { key, asOf } = balanceQuery(request);
      if (asOf !== null && 'time' in asOf) await untilSettled(horizon, asOf.time, context);
      const balance =
        asOf === null
          ? balanceMessage((await balances.read(key, deadline)) ?? { ...key, ...ZERO })
          : await store.reader('history')(
              (connection) => pastBalance(connection, store.placement, key, asOf),
              deadline,
            );
      return bytesOf(GetBalanceResponse.encode({ balance }));
    },
  };
}

/** Which account, and when. Throws INVALID_FIELD that names every invalid field. */
export function balanceQuery(request: GetBalanceRequest): { key: BalanceKey; asOf: AsOf | null } {
  const validator = new RequestValidator();
  const key = keyOf(validator, '', request);
  const asOf = asOfOf(validator, request);
  validator.throwIfInvalid();
  return { key, asOf };
}

/** BatchGetBalances: many accounts in one snapshot, in the order asked for. */
export function batchGetBalances(
  store: Store,
  horizon: SettledHorizon,
): UnaryMethod<BatchGetBalancesRequest> {
  return {
    path: 'ledger.v1.LedgerService/BatchGetBalances',
    decode: (bytes) => BatchGetBalancesRequest.decode(bytes),
    handle: async (request, context) => {
      const { keys, time } = batchBalancesQuery(request);
      if (time !== null) await untilSettled(horizon, time, context);
      const distinct = [...new Map(keys.map((key) => [idOf(key), key])).values()];
      const read = store.reader(time === null ? 'balances' : 'history');
      const { placement } = store;
      const found = await read(async (connection) => {
        if (time === null)
          return (await readBalancesOver(connection, placement, distinct)).map(balanceMessage);
        return (await readBalancesAsOfTimeOver(connection, placement, distinct, time)).map(
          pastBalanceMessage,
        );
      }, context.deadline);
      const byId = new Map(found.map((balance) => [idOf(balance), balance]));
      const zero = time === null ? balanceMessage : pastBalanceMessage;
      const balances = keys.map((key) => byId.get(idOf(key)) ?? zero({ ...key, ...ZERO }));
      return bytesOf(BatchGetBalancesResponse.encode({ balances }));
    },
  };
}

/** Which accounts, and when. Throws INVALID_FIELD that names every invalid field. */
export function batchBalancesQuery(request: BatchGetBalancesRequest): {
  keys: BalanceKey[];
  time: bigint | null;
} {
  const validator = new RequestValidator();
  const { accounts } = request;
  if (accounts.length < 1 || accounts.length > ACCOUNTS_MAX) {
    validator.addViolation('accounts', `must be 1 to ${ACCOUNTS_MAX}`);
  }
  const keys = accounts
    .slice(0, ACCOUNTS_MAX)
    .map((key, index) => keyOf(validator, `accounts[${index}].`, key));
  const time = validator.optionalTime('as_of_time', request.asOfTime);
  validator.throwIfInvalid();
  return { keys, time };
}

/** ListBalances: all assets of a user, by asset. */
export function listBalances(
  store: Store,
  tokens: PageTokens,
  horizon: SettledHorizon,
): UnaryMethod<ListBalancesRequest> {
  return {
    path: 'ledger.v1.LedgerService/ListBalances',
    decode: (bytes) => ListBalancesRequest.decode(bytes),
    handle: async (request, context) => {
      const { userId, time, pageSize, token } = balancesQuery(request);
      const filter: PageFilter = ['ListBalances', userId, time];
      const after = tokens.open(filter, token)?.toString() ?? '';
      if (time !== null) await untilSettled(horizon, time, context);
      const read = store.reader(time === null ? 'balances' : 'history');
      const { placement } = store;
      const found = await read(async (connection) => {
        const limit = pageSize + 1;
        if (time === null)
          return (await listBalancesOver(connection, placement, userId, after, limit)).map(balanceMessage);
        return (await listBalancesAsOfTimeOver(connection, placement, userId, after, limit, time)).map(
          pastBalanceMessage,
        );
      }, context.deadline);
      const { rows, last } = pageOf(found, pageSize);
      const nextPageToken = last === undefined ? '' : tokens.seal(filter, Buffer.from(last.asset));
      return bytesOf(ListBalancesResponse.encode({ balances: [...rows], nextPageToken }));
    },
  };
}

/** Whose balances, and when. Throws INVALID_FIELD that names every invalid field. A forged page token is found later. */
export function balancesQuery(request: ListBalancesRequest): {
  userId: string;
  time: bigint | null;
  pageSize: number;
  token: string;
} {
  const validator = new RequestValidator();
  const userId = validator.accountUserId('user_id', request.userId);
  const time = validator.optionalTime('as_of_time', request.asOfTime);
  const pageSize = validator.pageSize(request.pageSize);
  const token = validator.pageToken(request.pageToken);
  validator.throwIfInvalid();
  return { userId, time, pageSize, token };
}

/** What an account that was never written has. */
const ZERO = { balance: 0n, held: 0n, sequence: 0n, lastEntryTime: 0n };

type AsOf = { readonly time: bigint } | { readonly sequence: bigint };

function asOfOf(validator: RequestValidator, { asOf, userId }: GetBalanceRequest): AsOf | null {
  if (asOf === undefined) return null;
  if (asOf.$case === 'asOfTime') return { time: validator.optionalTime('as_of_time', asOf.value) ?? 0n };
  if (userId.startsWith('@')) validator.addViolation('as_of_sequence', 'is not for system accounts');
  return { sequence: validator.notNegative('as_of_sequence', asOf.value) };
}

async function pastBalance(
  connection: Connection,
  placement: Placement,
  key: BalanceKey,
  asOf: AsOf,
): Promise<Balance> {
  if ('time' in asOf) {
    const [found] = await readBalancesAsOfTimeOver(connection, placement, [key], asOf.time);
    return pastBalanceMessage(found ?? { ...key, ...ZERO });
  }
  const home = inCell(connection, placement.ofUser(key.userId));
  const found = (await readBalanceAsOfSequence(home, key, asOf.sequence)) ?? { ...key, ...ZERO };
  // Sequences have no gaps: the last entry before it is the last one there is.
  if (found.sequence < asOf.sequence) throw beyondLastEntry(found.sequence);
  return pastBalanceMessage(found);
}

/** Told, not answered with the last balance: the entry may yet come, and change it. */
function beyondLastEntry(sequence: bigint): CallError<Reason> {
  const field = 'as_of_sequence';
  const description = `is beyond the last entry, which is ${sequence}`;
  return new CallError('INVALID_FIELD', `${field} ${description}`, {
    metadata: { field, sequence: sequence.toString() },
    violations: [{ field, description }],
  });
}

function keyOf(validator: RequestValidator, path: string, { userId, asset }: BalanceKey): BalanceKey {
  return {
    userId: validator.accountUserId(`${path}user_id`, userId),
    asset: validator.asset(`${path}asset`, asset),
  };
}

function idOf({ userId, asset }: BalanceKey): string {
  return `${userId}\0${asset}`;
}
