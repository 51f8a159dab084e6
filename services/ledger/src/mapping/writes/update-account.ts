import { UpdateAccountRequest, UpdateAccountResponse } from '@ledger/proto/ledger/v1/account_service';
import type { UpdateAccountCommand } from '../../ledger/writes/update-account';
import { accountMessage } from '../messages';
import { NO_CALLER } from '../validator';
import type { WriteMapping } from '../write-mapping';

const SETTINGS = ['min_balance', 'frozen', 'metadata'];

/** UpdateAccount: only what the mask names. */
export const updateAccount: WriteMapping<UpdateAccountCommand, UpdateAccountRequest, UpdateAccountResponse> =
  {
    path: 'ledger.v1.AccountService/UpdateAccount',
    request: UpdateAccountRequest,
    response: UpdateAccountResponse,
    batch: null,
    streamNumber: 12,
    scopeOf: ({ userId }) => userId,

    toCommand(request, scope, validator) {
      const paths = request.updateMask ?? [];
      if (paths.length === 0 || paths.some((path) => !SETTINGS.includes(path))) {
        validator.addViolation('update_mask', `must name at least one of ${SETTINGS.join(', ')}`);
      }
      const minBalance = validator.negatable('min_balance', request.minBalance);
      const metadata = validator.metadata('metadata', request.metadata);
      return {
        kind: 'UpdateAccount',
        caller: NO_CALLER,
        requestId: validator.requestId(request.requestId),
        scope,
        userId: validator.userId('user_id', request.userId),
        asset: validator.asset('asset', request.asset),
        minBalance: paths.includes('min_balance') ? minBalance : null,
        frozen: paths.includes('frozen') ? request.frozen : null,
        metadata: paths.includes('metadata') ? metadata : null,
        etag: validator.etag(request.etag),
      };
    },

    toResponse(outcome) {
      if (outcome.type !== 'account') throw new TypeError(`an account was expected, not ${outcome.type}`);
      return { account: accountMessage(outcome.account) };
    },
  };
