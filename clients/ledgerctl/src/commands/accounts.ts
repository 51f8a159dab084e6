import { addExamples, listOptions, pair, requestIdOption } from '../input/options';
import type { CommandGroup } from '../command-group';
import { UsageError } from '../input/usage-error';

/** The commands for accounts and their settings. */
export function addAccountCommands({ parent, ...rest }: CommandGroup): void {
  const account = parent
    .command('account')
    .description('Accounts: how low they may go, and whether they are frozen.');
  const group = { parent: account, ...rest };
  addGet(group);
  addSet(group);
  addList(group);
}

function addGet({ parent, inSession }: CommandGroup): void {
  const command = parent
    .command('get <user> <asset>')
    .description('One account with its settings.')
    .action((userId, asset) =>
      inSession(async (session) => {
        const found = await session.client.getAccount({ userId, asset }, session.call);
        session.print('GetAccountResponse', found, 'account');
      }),
    );
  addExamples(command, 'ledgerctl account get lucas PEEP');
}

function addSet({ parent, inSession, parseAmount }: CommandGroup): void {
  const command = requestIdOption(parent.command('set <user> <asset>'))
    .description('Changes the settings that are given, and makes the account when there is none.')
    .option('--min-balance <amount>', 'how low the balance may go; negative for credit')
    .option('--frozen', 'takes credits and releases, but no debits, holds or captures')
    .option('--no-frozen', 'takes everything again')
    .option('--metadata <key=value>', 'replaces all pairs; may be repeated', pair)
    .option('--clear-metadata', 'removes all pairs')
    .option('--etag <etag>', 'of the settings that you saw: guards against two editors')
    .action((userId, asset, { requestId, minBalance, frozen, metadata, clearMetadata, etag }) => {
      if (metadata !== undefined && clearMetadata === true) {
        throw new UsageError('--metadata and --clear-metadata exclude each other');
      }
      const changes = {
        min_balance: minBalance,
        frozen,
        metadata: clearMetadata === true ? {} : metadata,
      };
      const updateMask = Object.entries(changes).flatMap(([name, value]) =>
        value === undefined ? [] : [name],
      );
      if (updateMask.length === 0) throw new UsageError('give a setting to change');
      const settings = {
        ...{ userId, asset, updateMask, etag, frozen, metadata: changes.metadata },
        minBalance: minBalance === undefined ? undefined : parseAmount(minBalance, asset),
      };
      return inSession(async (session) => {
        const set = await session.write(requestId, (id, call) =>
          session.client.updateAccount({ ...settings, requestId: id }, call),
        );
        session.print('UpdateAccountResponse', set, 'account');
      });
    });
  addExamples(
    command,
    'ledgerctl account set lucas USD/2 --min-balance -50.00',
    'ledgerctl account set lucas PEEP --frozen',
  );
}

function addList({ parent, inSession }: CommandGroup): void {
  const command = listOptions(parent.command('list [user]'))
    .description("A user's accounts with their settings, or those of all users.")
    .option('--prefix <text>', 'of all users and system accounts whose names begin with it; "" for all')
    .action((userId, { prefix, ...extent }) => {
      if ((userId === undefined) === (prefix === undefined)) {
        throw new UsageError('give either a user or --prefix, which may be empty');
      }
      const whose = userId === undefined ? { userIdPrefix: prefix ?? '' } : { userId };
      return inSession(async (session) => {
        await session.printList('ListAccountsResponse', 'accounts', extent, (page) =>
          session.client.listAccounts({ ...whose, ...page }, session.call),
        );
      });
    });
  addExamples(
    command,
    'ledgerctl account list lucas',
    'ledgerctl account list --prefix shop-',
    'ledgerctl account list --prefix "" --all --output csv',
  );
}
