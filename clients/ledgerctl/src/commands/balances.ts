import type { AccountKey } from '@ledger/client';
import { addExamples, listOptions, pastTime } from '../input/options';
import type { CommandGroup } from '../command-group';
import { UsageError } from '../input/usage-error';

/** The commands that read balances, current and past. */
export function addBalanceCommands(group: CommandGroup): void {
  addBalance(group);
  addBalances(group);
}

function addBalance({ parent, inSession }: CommandGroup): void {
  const command = parent
    .command('balance <user> <asset>')
    .description('The balance of one account. One that was never written has zero.')
    .option(
      '--as-of <time|sequence>',
      'as it was at an instant (RFC 3339, a day, 1h ago), or after its entry of a sequence',
    )
    .action((userId, asset, { asOf }) => {
      const past = asOf === undefined ? undefined : parseAsOf(asOf);
      return inSession(async (session) => {
        const found = await session.client.getBalance({ userId, asset, asOf: past }, session.call);
        session.print('GetBalanceResponse', found, 'balance');
      });
    });
  addExamples(
    command,
    'ledgerctl balance lucas PEEP',
    'ledgerctl balance lucas PEEP --as-of 2026-11-20T20:53:02.046426Z',
    'ledgerctl balance lucas PEEP --as-of 2026-11-29',
    'ledgerctl balance lucas PEEP --as-of 1h',
    'ledgerctl balance lucas PEEP --as-of 3',
    "ledgerctl balance lucas PEEP -o json | jq -r '.balance.available'",
  );
}

function parseAsOf(text: string) {
  return /^[0-9]+$/.test(text)
    ? ({ $case: 'asOfSequence', value: BigInt(text) } as const)
    : ({ $case: 'asOfTime', value: pastTime(text) } as const);
}

function addBalances({ parent, inSession }: CommandGroup): void {
  const command = listOptions(parent.command('balances [user]'))
    .description('The balances of a user, or of the accounts that you name, in one snapshot.')
    .option('--as-of <time>', 'as they were at an instant (RFC 3339, a day, 1h ago)', pastTime)
    .option("--account <'user asset'>", 'an account; may be repeated; instead of a user', account)
    .action((userId, { asOf: asOfTime, account: accounts, ...extent }) => {
      const wanted = accounts ?? userId;
      if (wanted === undefined || (userId !== undefined && accounts !== undefined)) {
        throw new UsageError('give a user, or accounts by --account');
      }
      return inSession(async (session) => {
        const { client, call } = session;
        if (typeof wanted !== 'string') {
          const found = await client.batchGetBalances({ accounts: wanted, asOfTime }, call);
          session.print('BatchGetBalancesResponse', found, 'balances');
          return;
        }
        await session.printList('ListBalancesResponse', 'balances', extent, (page) =>
          client.listBalances({ userId: wanted, asOfTime, ...page }, call),
        );
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
