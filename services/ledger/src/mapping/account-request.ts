import type { UpdateAccountRequest } from '@ledger/proto/ledger/v1/account_service';
import type { UpdateAccountCommand } from '../ledger/command';
import { NO_CALLER, type Shape } from './validator';

const SETTINGS = ['min_balance', 'frozen', 'metadata'];

/** UpdateAccount as a command: only what the mask names. */
export function updateAccountCommand(request: UpdateAccountRequest, shape: Shape): UpdateAccountCommand {
  const paths = request.updateMask ?? [];
  if (paths.length === 0 || paths.some((path) => !SETTINGS.includes(path))) {
    shape.violate('update_mask', `must name at least one of ${SETTINGS.join(', ')}`);
  }
  const metadata = shape.metadata('metadata', request.metadata);
  return {
    kind: 'UpdateAccount',
    caller: NO_CALLER,
    requestId: shape.requestId(request.requestId),
    scope: request.userId,
    userId: shape.userId('user_id', request.userId),
    asset: shape.asset('asset', request.asset),
    minBalance: paths.includes('min_balance') ? request.minBalance : null,
    frozen: paths.includes('frozen') ? request.frozen : null,
    metadata: paths.includes('metadata') ? metadata : null,
    etag: shape.etag(request.etag),
  };
}
