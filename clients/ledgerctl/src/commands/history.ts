import { ENTRY, REQUEST, SNAPSHOT, TRANSACTION } from '../columns';
import { addExamples, type HistoryOptions, historyOptions, listOptions } from '../options';
import { readList } from '../read-list';
import { type Session, section } from '../session';
import type { Setting } from '../setting';
import { UsageError } from '../usage-error';

/** What was booked. */
export function addHistoryCommands(setting: Setting): void {
  addEntries(setting);
  addTransaction(setting);
  addTransactions(setting);
  addRequest(setting);
}

function addEntries({ root, inSession }: Setting): void {
  const command = historyOptions(listOptions(root.command('entries <user> <asset>')))
    .description('The entries of one account, newest first.')
    .action((userId, asset, { limit, all, pageToken, ...options }) =>
      inSession(async (session) => {
        const filter = { userId, asset, ...filterOf(options, session) };
        const found = await readList(
          { limit, all, pageToken },
          (page) => session.client.listEntries({ ...filter, ...page }, session.call),
          ({ entries }) => entries,
        );
        session.printList('entries', found, ENTRY);
      }),
    );
  addExamples(
    command,
    'ledgerctl entries lucas PEEP',
    'ledgerctl entries lucas PEEP --kind credit --start 2026-11-01T00:00:00Z --order oldest',
    'ledgerctl entries @revenue PEEP --all -o csv > revenue.csv',
  );
}

function addTransaction({ root, inSession }: Setting): void {
  const command = root
    .command('transaction <id>')
    .description('One transaction with its entries.')
    .option('--user <user>', 'must be its owner')
    .action((transactionId, { user: userId }) =>
      inSession(async (session) => {
        const found = await session.client.getTransaction({ transactionId, userId }, session.call);
        const { entries, item } = found.transaction;
        session.print(
          found,
          section(TRANSACTION, [found.transaction]),
          section(ENTRY, entries),
          ...(item === undefined ? [] : [section(SNAPSHOT, [item])]),
        );
      }),
    );
  addExamples(command, 'ledgerctl transaction 01a1fabb-ebde-76d0-8000-8b2ad82cc82b');
}

function addTransactions({ root, inSession }: Setting): void {
  const command = historyOptions(listOptions(root.command('transactions')))
    .description('The transactions of a user, or with a reference, newest first.')
    .option('--user <user>', 'those that the user owns')
    .option('--reference <key>', 'those with this reference')
    .action(({ user: userId, reference, limit, all, pageToken, ...options }) => {
      if (userId === undefined && reference === undefined) throw new UsageError('give --user or --reference');
      return inSession(async (session) => {
        const filter = { userId, reference, ...filterOf(options, session) };
        const found = await readList(
          { limit, all, pageToken },
          (page) => session.client.listTransactions({ ...filter, ...page }, session.call),
          ({ transactions }) => transactions,
        );
        session.printList('transactions', found, TRANSACTION);
      });
    });
  addExamples(
    command,
    'ledgerctl transactions --user lucas --limit 10',
    'ledgerctl transactions --reference order-4711 -o json',
  );
}

function addRequest({ root, inSession }: Setting): void {
  const command = root
    .command('request <scope> <request-id>')
    .description(
      "How a write ended. Its scope is its user; '@catalog' for items, '@batch' for atomic batches.",
    )
    .action((userId, requestId) =>
      inSession(async (session) => {
        const found = await session.client.getRequest({ userId, requestId }, session.call);
        session.print(found, section(REQUEST, [found]));
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
