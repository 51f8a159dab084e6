import { GetBalanceRequest, GetBalanceResponse } from '../gen/ledger/v1/ledger_service';
import type { BalanceView } from '../ledger/outcome';
import { fitsInt64 } from '../ledger/money';
import type { BalanceReader } from '../store/balance-reader';
import { bytesOf, balanceMessage } from './message';
import { Shape } from './shape';
import { RpcError } from './status';
import { Unimplemented, type UnaryMethod } from './unary';

/** GetBalance: concurrent calls share one statement. */
export function getBalance(balances: BalanceReader): UnaryMethod<GetBalanceRequest> {
  return {
    path: 'ledger.v1.LedgerService/GetBalance',
    decode: (bytes) => GetBalanceRequest.decode(bytes),
    handle: async (request) => {
      const { userId, asset } = balanceQuery(request);
      if (request.asOf !== undefined) throw new Unimplemented('as_of_time and as_of_sequence');
      const view = await balances.read({ userId, asset });
      const balance = balanceMessage(fitting(view ?? zero(userId, asset)));
      return bytesOf(GetBalanceResponse.encode({ balance }));
    },
  };
}

/** Which account. Throws INVALID_FIELD with all that is wrong. */
export function balanceQuery(request: GetBalanceRequest): { userId: string; asset: string } {
  const shape = new Shape();
  const userId = shape.accountUserId('user_id', request.userId);
  const asset = shape.asset('asset', request.asset);
  checkAsOf(shape, request);
  shape.refuse();
  return { userId, asset };
}

function checkAsOf(shape: Shape, { asOf, userId }: GetBalanceRequest): void {
  if (asOf?.$case === 'asOfTime') shape.optionalTime('as_of_time', asOf.value);
  if (asOf?.$case === 'asOfSequence') {
    shape.notNegative('as_of_sequence', asOf.value);
    if (userId.startsWith('@')) shape.violate('as_of_sequence', 'is not for system accounts');
  }
}

/** The stripes of a system account each fit int64; their sum need not. */
function fitting(view: BalanceView): BalanceView {
  if (fitsInt64(view.balance)) return view;
  const { userId, asset } = view;
  throw new RpcError({
    reason: 'AMOUNT_OVERFLOW',
    message: `the balance of ${userId} ${asset} passes int64`,
    metadata: { user_id: userId, asset, balance: view.balance.toString() },
  });
}

function zero(userId: string, asset: string): BalanceView {
  return { userId, asset, balance: 0n, held: 0n, sequence: 0n, lastEntryTime: 0n };
}
