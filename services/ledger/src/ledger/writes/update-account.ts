import { etagOf, type Account, type AccountSettings } from '../account';
import type { CommandBase } from '../command';
import { failure, type Failure } from '../failure';
import type { AccountView } from '../outcome';
import type { Metadata } from '../transaction';
import type { WriteDefinition } from '../write-definition';

/** New settings of an account; null leaves one as it is. */
export interface UpdateAccountCommand extends CommandBase {
  readonly kind: 'UpdateAccount';
  readonly userId: string;
  readonly asset: string;
  readonly minBalance: bigint | null;
  readonly frozen: boolean | null;
  readonly metadata: Metadata | null;
  /** Empty: no guard. */
  readonly etag: string;
}

/** Changes the settings that were named, and makes the account when there is none. */
export const updateAccount: WriteDefinition<UpdateAccountCommand> = {
  refersTo(references, command) {
    references.settingsOf(command);
  },

  lockKeys(keys, { userId, asset }) {
    keys.account(userId, asset);
  },

  writeContent(out, command) {
    out.text(command.asset).optionalI64(command.minBalance);
    if (command.frozen === null) out.byte(0);
    else out.byte(1).byte(command.frozen ? 1 : 0);
    if (command.metadata === null) out.byte(0);
    else out.byte(1).pairs(command.metadata);
    out.text(command.etag);
  },

  decide(set, command) {
    const account = set.account(command.userId, command.asset);
    const { settings } = account;
    if (settings === null) throw new RangeError('the settings of the account were not read');
    const refused =
      refuseStale(account, settings, command.etag) ?? refuseMinimum(account, command.minBalance);
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
    set.markSettingsChanged(account);
    return { type: 'account', account: accountView(account, account.settings) };
  },
};

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
      sequence: account.sequence,
    },
  );
}

function accountView(account: Account, settings: AccountSettings): AccountView {
  const { userId, asset, balance, held, sequence, minBalance, frozen, createTime } = account;
  return { userId, asset, balance, held, sequence, minBalance, frozen, settings, createTime };
}
