import type { Leg } from '@ledger/client';
import { parseInteger } from '../input/amount';
import { addExamples, noteOptions, requestIdOption } from '../input/options';
import type { CommandGroup } from '../command-group';
import { UsageError } from '../input/usage-error';
import type { Session } from '../session';

/** The commands that book a transaction at once. */
export function addBookingCommands(group: CommandGroup): void {
  addCredit(group);
  addPurchase(group);
  addTransfer(group);
  addPost(group);
  addReverse(group);
}

function addCredit({ parent, inSession, parseAmount }: CommandGroup): void {
  const command = noteOptions(requestIdOption(parent.command('credit <user> <asset> <amount>')))
    .description('Value comes in: from a system account to a user.')
    .option('--source <account>', 'where it comes from (default: @issuance)')
    .action((userId, asset, amount, { requestId, ...rest }) => {
      const credit = { userId, asset, amount: parseAmount(amount, asset), ...rest };
      return inSession(async (session) => {
        const booked = await session.write(requestId, (id, call) =>
          session.client.credit({ ...credit, requestId: id }, call),
        );
        session.print('CreditResponse', booked, 'transaction.entries', 'balance');
      });
    });
  addExamples(
    command,
    'ledgerctl credit lucas PEEP 100',
    "ledgerctl credit lucas USD/2 12.34 --description 'pocket money' --request-id 2026-11-lucas",
  );
}

function addPurchase({ parent, inSession, parseAmount }: CommandGroup): void {
  const command = noteOptions(requestIdOption(parent.command('purchase <user> [item]')))
    .description('A user pays: for an item of the catalog, or a price that you name.')
    .option('--quantity <n>', 'how many of the item (default: 1)')
    .option('--price-version <n>', 'the version whose price the buyer saw (default: the current price)')
    .option('--asset <asset>', 'a price: what is paid')
    .option('--amount <amount>', 'a price: how much of it; the item need not be in the catalog then')
    .option('--destination <account>', 'where it goes to (default: @revenue)')
    .action((userId, item, { requestId, quantity, priceVersion, asset, amount, ...rest }) => {
      const subject = subjectOf(item, { quantity, priceVersion, asset, amount }, parseAmount);
      return inSession(async (session) => {
        const booked = await session.write(requestId, (id, call) =>
          session.client.purchase({ userId, subject, ...rest, requestId: id }, call),
        );
        session.print('PurchaseResponse', booked, 'transaction.entries', 'balance');
      });
    });
  addExamples(
    command,
    'ledgerctl purchase lucas blt',
    'ledgerctl purchase lucas blt --quantity 2 --price-version 3',
    'ledgerctl purchase lucas --asset PEEP --amount 500',
  );
}

function subjectOf(
  item: string | undefined,
  given: { readonly [Name in 'quantity' | 'priceVersion' | 'asset' | 'amount']: string | undefined },
  parseAmount: CommandGroup['parseAmount'],
) {
  const { quantity, priceVersion, asset, amount } = given;
  if (asset !== undefined && amount !== undefined && quantity === undefined && priceVersion === undefined) {
    return {
      $case: 'price',
      value: { asset, amount: parseAmount(amount, asset), itemId: item },
    } as const;
  }
  if (item !== undefined && asset === undefined && amount === undefined) {
    return {
      $case: 'item',
      value: {
        itemId: item,
        quantity: parseInteger(quantity ?? '1', 'quantity'),
        priceVersion: parseInteger(priceVersion ?? '0', 'price version'),
      },
    } as const;
  }
  throw new UsageError(
    'give an item (with --quantity and --price-version), or a price (--asset and --amount)',
  );
}

function addTransfer({ parent, inSession, parseAmount }: CommandGroup): void {
  const command = noteOptions(requestIdOption(parent.command('transfer <from> <to> <asset> <amount>')))
    .description('From one user to another.')
    .action((fromUserId, toUserId, asset, amount, { requestId, ...rest }) => {
      const transfer = { fromUserId, toUserId, asset, amount: parseAmount(amount, asset), ...rest };
      return inSession(async (session) => {
        const booked = await session.write(requestId, (id, call) =>
          session.client.transfer({ ...transfer, requestId: id }, call),
        );
        session.print('TransferResponse', booked, 'transaction.entries', 'balance');
      });
    });
  addExamples(command, "ledgerctl transfer lucas ada PEEP 5 --description 'for the ice cream'");
}

function addPost({ parent, inSession, parseAmount }: CommandGroup): void {
  const command = noteOptions(requestIdOption(parent.command('post <user> <leg...>')))
    .summary('Any movement of two legs and more, all or nothing.')
    .description(
      "Any movement of two legs and more, all or nothing. The user owns it and is one of the legs. A leg is 'USER " +
        "ASSET CHANGE'; the changes sum to zero per asset. A fourth word is the sequence that the account must " +
        'still have.',
    )
    .action((userId, texts, { requestId, ...rest }) => {
      const legs = texts.map((text) => parseLeg(text, parseAmount));
      return inSession(async (session) => {
        const booked = await session.write(requestId, (id, call) =>
          session.client.postTransaction({ userId, legs, ...rest, requestId: id }, call),
        );
        session.print('PostTransactionResponse', booked, 'transaction.entries', 'balances');
      });
    });
  addExamples(
    command,
    "ledgerctl post shop 'shop GOLD -100' '@revenue GOLD 100' 'shop ML_RED 500' '@issuance ML_RED -500'",
    "ledgerctl post shop 'shop GOLD -100 7' '@revenue GOLD 100'",
  );
}

function parseLeg(text: string, parseAmount: CommandGroup['parseAmount']): Leg {
  const [userId, asset, change, expected, ...rest] = text.trim().split(/ +/);
  if (userId === undefined || asset === undefined || change === undefined || rest.length > 0) {
    throw new UsageError(`leg '${text}': 'USER ASSET CHANGE' is needed, or 'USER ASSET CHANGE SEQUENCE'`);
  }
  return {
    userId,
    asset,
    change: parseAmount(change, asset),
    expectedSequence: expected === undefined ? undefined : parseInteger(expected, 'sequence'),
  };
}

function addReverse({ parent, inSession, parseAmount }: CommandGroup): void {
  const command = requestIdOption(parent.command('reverse <user> <transaction>'))
    .description('Takes a transaction of a user back, through the same accounts.')
    .option('--amount <amount>', 'a part, of a transaction of two entries (default: all that is left)')
    .option('--description <text>', 'free text')
    .action((userId, transactionId, { requestId, amount, description }) => {
      return inSession(async (session) => {
        const part =
          amount === undefined ? 0n : parseAmount(amount, await assetOf(session, userId, transactionId));
        const booked = await session.write(requestId, (id, call) =>
          session.client.reverseTransaction(
            { userId, transactionId, amount: part, description, requestId: id },
            call,
          ),
        );
        session.print('ReverseTransactionResponse', booked, 'transaction.entries', 'balances');
      });
    });
  addExamples(
    command,
    'ledgerctl reverse lucas 01a1fabb-ebde-76d0-8000-8b2ad82cc82b',
    "ledgerctl reverse lucas 01a1fabb-ebde-76d0-8000-8b2ad82cc82b --amount 20 --description 'half of it'",
  );
}

/** The asset that a part of a transaction is counted in. It is asked for before anything is sent. */
async function assetOf({ client, call }: Session, userId: string, transactionId: string): Promise<string> {
  const { transaction } = await client.getTransaction({ userId, transactionId }, call);
  const assets = new Set(transaction.entries.map(({ asset }) => asset));
  const [asset] = assets;
  if (asset !== undefined && assets.size === 1) return asset;
  throw new UsageError('a transaction of several assets is reversed as a whole: leave --amount out');
}
