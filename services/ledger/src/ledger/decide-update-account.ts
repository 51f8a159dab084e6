import { etagOf, type Account, type AccountSettings } from './account';
import type { UpdateAccountCommand } from './command';
import { failure, type Failure } from './failure';
import type { AccountView, Outcome } from './outcome';
import type { WorkingSet } from './working-set';

/** Changes the settings that were named, and makes the account when there is none. */
export function decideUpdateAccount(set: WorkingSet, command: UpdateAccountCommand): Outcome {
  const account = set.account(command.userId, command.asset);
  const { settings } = account;
  if (settings === null) throw new RangeError('the settings of the account were not read');
  const refused = refuseStale(account, settings, command.etag) ?? refuseMinimum(account, command.minBalance);
  if (refused !== null) return refused;

  const { now } = set.context;
  if (command.minBalance !== null) account.minBalance = command.minBalance;
  if (command.frozen !== null) account.frozen = command.frozen;
  account.settings = {
    metadata: command.metadata ?? settings.metadata,
    version: settings.version + 1n,
    updateTime: now,
  };
  if (account.createTime === 0n) account.createTime = now;
  account.settingsChanged = true;
  return { type: 'account', account: accountView(account, account.settings) };
}

function refuseStale(account: Account, settings: AccountSettings, etag: string): Failure | null {
  const current = etagOf(settings);
  if (etag === '' || etag === current) return null;
  return failure(
    'CONFLICT',
    `the settings of ${account.userId} ${account.asset} have etag ${current}, ${etag} was expected`,
    { user_id: account.userId, asset: account.asset, expected: etag, current },
  );
}

/** Only raising counts: lowering a minimum never makes anything worse. */
function refuseMinimum(account: Account, minBalance: bigint | null): Failure | null {
  const available = account.balance - account.held;
  if (minBalance === null || minBalance <= available) return null;
  return failure(
    'INSUFFICIENT_FUNDS',
    `account ${account.userId} ${account.asset} has ${available} available, min_balance ${minBalance} is above it`,
    {
      user_id: account.userId,
      asset: account.asset,
      balance: account.balance,
      available,
      required: minBalance,
    },
  );
}

function accountView(account: Account, settings: AccountSettings): AccountView {
  const { userId, asset, balance, held, sequence, minBalance, frozen, createTime } = account;
  return { userId, asset, balance, held, sequence, minBalance, frozen, settings, createTime };
}
