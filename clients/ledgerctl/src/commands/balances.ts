import type { AccountKey } from '@ledger/client';
import { BALANCE } from '../columns';
import { addExamples, listOptions } from '../options';
import { readList } from '../read-list';
import { section } from '../session';
import type { Setting } from '../setting';
import { parseTime } from '../time';
import { UsageError } from '../usage-error';

/** What is there, now or then. */
export function addBalanceCommands(setting: Setting): void {
  addBalance(setting);
  addBalances(setting);
}

function addBalance({ root, inSession }: Setting): void {
  const command = root
    .command('balance <user> <asset>')
    .description('The balance of one account. One that was never written has zero.')
    .option('--as-of <time|sequence>', 'as it was at an instant (RFC 3339), or after its entry of a sequence')
    .action((userId, asset, { asOf }) => {
      const past = asOf === undefined ? undefined : parseAsOf(asOf);
      return inSession(async (session) => {
        const found = await session.client.getBalance({ userId, asset, asOf: past }, session.call);
        session.print(found, section(BALANCE, [found.balance]));
      });
    });
  addExamples(
    command,
    'ledgerctl balance lucas PEEP',
    'ledgerctl balance lucas PEEP --as-of 2026-11-20T20:53:02.046426Z',
    'ledgerctl balance lucas PEEP --as-of 3',
    "ledgerctl balance lucas PEEP -o json | jq -r '.balance.available'",
  );
}

function parseAsOf(text: string) {
  return /^[0-9]+$/.test(text)
    ? ({ $case: 'asOfSequence', value: BigInt(text) } as const)
    : ({ $case: 'asOfTime', value: parseTime(text) } as const);
}

function addBalances({ root, inSession }: Setting): void {
  const command = listOptions(root.command('balances [user]'))
    .description('The balances of a user, or of the accounts that you name, in one snapshot.')
    .option('--as-of <time>', 'as they were at an instant (RFC 3339)', parseTime)
    .option("--account <'user asset'>", 'an account; may be repeated; instead of a user', account)
    .action((userId, { asOf: asOfTime, account: accounts, ...extent }) => {
      const question = accounts ?? userId;
      if (question === undefined || (userId !== undefined && accounts !== undefined)) {
        throw new UsageError('give a user, or accounts by --account');
      }
      return inSession(async (session) => {
        const { client, call } = session;
        if (typeof question !== 'string') {
          const found = await client.batchGetBalances({ accounts: question, asOfTime }, call);
          session.print(found, section(BALANCE, found.balances));
          return;
        }
        const found = await readList(
          extent,
          (page) => client.listBalances({ userId: question, asOfTime, ...page }, call),
          ({ balances }) => balances,
        );
        session.printList('balances', found, BALANCE);
      });
    });
  addExamples(
    command,
    'ledgerctl balances lucas',
    "ledgerctl balances --account 'lucas PEEP' --account 'ada PEEP' --as-of 2026-11-20T20:53:02Z",
  );
}

function account(text: string, before: AccountKey[] = []): AccountKey[] {
  const [userId, asset, ...rest] = text.trim().split(/ +/);
  if (userId === undefined || asset === undefined || rest.length > 0) {
    throw new UsageError(`account '${text}': 'USER ASSET' is needed`);
  }
  return [...before, { userId, asset }];
}
