import { addExamples, type HistoryOptions, historyOptions, listOptions } from '../input/options';
import type { Session } from '../session';
import type { CommandGroup } from '../command-group';
import { UsageError } from '../input/usage-error';

/** The commands that read what was booked. */
export function addHistoryCommands(group: CommandGroup): void {
  addEntries(group);
  addTransaction(group);
  addTransactions(group);
  addRequest(group);
}

function addEntries({ parent, inSession }: CommandGroup): void {
  const command = historyOptions(listOptions(parent.command('entries <user> <asset>')))
    .description('The entries of one account, newest first.')
    .action((userId, asset, { limit, all, pageToken, ...options }) =>
      inSession(async (session) => {
        const filter = { userId, asset, ...filterOf(options, session) };
        await session.printList('ListEntriesResponse', 'entries', { limit, all, pageToken }, (page) =>
          session.client.listEntries({ ...filter, ...page }, session.call),
        );
      }),
    );
  addExamples(
    command,
    'ledgerctl entries lucas PEEP',
    'ledgerctl entries lucas PEEP --kind credit --start 2026-11-01 --order oldest',
    'ledgerctl entries @revenue PEEP --all -o csv > revenue.csv',
  );
}

function addTransaction({ parent, inSession }: CommandGroup): void {
  const command = parent
    .command('transaction <id>')
    .description('One transaction with its entries.')
    .option('--user <user>', 'must be its owner')
    .action((transactionId, { user: userId }) =>
      inSession(async (session) => {
        const found = await session.client.getTransaction({ transactionId, userId }, session.call);
        session.print(
          'GetTransactionResponse',
          found,
          'transaction',
          'transaction.entries',
          'transaction.item',
        );
      }),
    );
  addExamples(command, 'ledgerctl transaction 01a1fabb-ebde-76d0-8000-8b2ad82cc82b');
}

function addTransactions({ parent, inSession }: CommandGroup): void {
  const command = historyOptions(listOptions(parent.command('transactions')))
    .description('The transactions of a user, or with a reference, newest first.')
    .option('--user <user>', 'those that the user owns')
    .option('--reference <key>', 'those with this reference')
    .action(({ user: userId, reference, limit, all, pageToken, ...options }) => {
      if (userId === undefined && reference === undefined) throw new UsageError('give --user or --reference');
      return inSession(async (session) => {
        const filter = { userId, reference, ...filterOf(options, session) };
        await session.printList(
          'ListTransactionsResponse',
          'transactions',
          { limit, all, pageToken },
          (page) => session.client.listTransactions({ ...filter, ...page }, session.call),
        );
      });
    });
  addExamples(
    command,
    'ledgerctl transactions --user lucas --limit 10',
    'ledgerctl transactions --reference order-4711 -o json',
  );
}

function addRequest({ parent, inSession }: CommandGroup): void {
  const command = parent
    .command('request <scope> <request-id>')
    .description(
      "How a write ended. Its scope is its user; '@catalog' for items, '@batch' for atomic batches.",
    )
    .action((userId, requestId) =>
      inSession(async (session) => {
        const found = await session.client.getRequest({ userId, requestId }, session.call);
        session.print('GetRequestResponse', found);
      }),
    );
  addExamples(command, 'ledgerctl request lucas buy-2', 'ledgerctl request @catalog item-1');
}

function filterOf({ start, end, kind = [], order }: HistoryOptions, { api }: Session) {
  return {
    startTime: start,
    endTime: end,
    kinds: kind.map((one) => api.EntryKind[one]),
    order: order && api.SortOrder[order],
  };
}
