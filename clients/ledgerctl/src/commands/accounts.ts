import { parseAmount } from '../amount';
import { ACCOUNT } from '../columns';
import { addExamples, listOptions, pair, requestIdOption } from '../options';
import { readList } from '../read-list';
import { section } from '../session';
import type { Setting } from '../setting';
import { UsageError } from '../usage-error';

/** Accounts and their settings. */
export function addAccountCommands({ root, ...rest }: Setting): void {
  const account = root
    .command('account')
    .description('Accounts: how low they may go, and whether they are frozen.');
  const setting = { root: account, ...rest };
  addGet(setting);
  addSet(setting);
  addList(setting);
}

function addGet({ root, inSession }: Setting): void {
  const command = root
    .command('get <user> <asset>')
    .description('One account with its settings.')
    .action((userId, asset) =>
      inSession(async (session) => {
        const found = await session.client.getAccount({ userId, asset }, session.call);
        session.print(found, section(ACCOUNT, [found.account]));
      }),
    );
  addExamples(command, 'ledgerctl account get lucas PEEP');
}

function addSet({ root, inSession }: Setting): void {
  const command = requestIdOption(root.command('set <user> <asset>'))
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
        session.print(set, section(ACCOUNT, [set.account]));
      });
    });
  addExamples(
    command,
    'ledgerctl account set lucas USD/2 --min-balance -50.00',
    'ledgerctl account set lucas PEEP --frozen',
  );
}

function addList({ root, inSession }: Setting): void {
  const command = listOptions(root.command('list <user>'))
    .description("A user's accounts with their settings.")
    .action((userId, extent) =>
      inSession(async (session) => {
        const found = await readList(
          extent,
          (page) => session.client.listAccounts({ userId, ...page }, session.call),
          ({ accounts }) => accounts,
        );
        session.printList('accounts', found, ACCOUNT);
      }),
    );
  addExamples(command, 'ledgerctl account list lucas');
}
