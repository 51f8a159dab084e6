import { addExamples, listOptions, names, requestIdOption, STATES } from '../input/options';
import type { CommandGroup } from '../command-group';
import { parseInstant } from '../input/time';

const HOLD_ID = '01a1fabb-f2a0-7105-8000-1f0c5a9be44d';

/** The commands for holds. */
export function addHoldCommands({ parent, ...rest }: CommandGroup): void {
  const hold = parent
    .command('hold')
    .description('Amounts that are set aside, to be paid later or given up.');
  const group = { parent: hold, ...rest };
  addPlace(group);
  addCapture(group);
  addRelease(group);
  addGet(group);
  addList(group);
}

function addPlace({ parent, inSession, parseAmount }: CommandGroup): void {
  const command = requestIdOption(parent.command('place <user> <asset> <amount>'))
    .description('Sets an amount aside: it lowers what is available, not the balance.')
    .option(
      '--expires <time>',
      'when it expires (RFC 3339 or a day; not a duration, so that a retry is the same request)',
      parseInstant,
    )
    .option('--destination <account>', 'where a capture goes to (default: @revenue)')
    .action((userId, asset, amount, { requestId, expires, destination }) => {
      const place = { userId, asset, amount: parseAmount(amount, asset), expireTime: expires, destination };
      return inSession(async (session) => {
        const placed = await session.write(requestId, (id, call) =>
          session.client.placeHold({ ...place, requestId: id }, call),
        );
        session.print('PlaceHoldResponse', placed, 'hold', 'balance');
      });
    });
  addExamples(
    command,
    'ledgerctl hold place lucas PEEP 30',
    'ledgerctl hold place lucas PEEP 30 --expires 2026-12-24T18:00:00Z',
  );
}

function addCapture({ parent, inSession, parseAmount }: CommandGroup): void {
  const command = requestIdOption(parent.command('capture <user> <hold>'))
    .description('Pays a hold, or a part of it; the rest is free again.')
    .option('--amount <amount>', 'how much of it (default: all)')
    .action((userId, holdId, { requestId, amount }) => {
      return inSession(async (session) => {
        // A hold names its asset; it is asked for before anything is sent.
        const part =
          amount === undefined
            ? 0n
            : parseAmount(
                amount,
                (await session.client.getHold({ userId, holdId }, session.call)).hold.asset,
              );
        const captured = await session.write(requestId, (id, call) =>
          session.client.captureHold({ userId, holdId, amount: part, requestId: id }, call),
        );
        session.print('CaptureHoldResponse', captured, 'transaction.entries', 'hold', 'balance');
      });
    });
  addExamples(
    command,
    `ledgerctl hold capture lucas ${HOLD_ID}`,
    `ledgerctl hold capture lucas ${HOLD_ID} --amount 20`,
  );
}

function addRelease({ parent, inSession }: CommandGroup): void {
  const command = requestIdOption(parent.command('release <user> <hold>'))
    .description('Gives a hold up: its amount is available again.')
    .action((userId, holdId, { requestId }) =>
      inSession(async (session) => {
        const released = await session.write(requestId, (id, call) =>
          session.client.releaseHold({ userId, holdId, requestId: id }, call),
        );
        session.print('ReleaseHoldResponse', released, 'hold', 'balance');
      }),
    );
  addExamples(command, `ledgerctl hold release lucas ${HOLD_ID}`);
}

function addGet({ parent, inSession }: CommandGroup): void {
  const command = parent
    .command('get <user> <hold>')
    .description('One hold, as it stands.')
    .action((userId, holdId) =>
      inSession(async (session) => {
        const found = await session.client.getHold({ userId, holdId }, session.call);
        session.print('GetHoldResponse', found, 'hold');
      }),
    );
  addExamples(command, `ledgerctl hold get lucas ${HOLD_ID}`);
}

function addList({ parent, inSession }: CommandGroup): void {
  const command = listOptions(parent.command('list <user>'))
    .description("A user's holds, newest first.")
    .option('--asset <asset>', 'only of this asset')
    .option('--state <state>', `only ${STATES.join(', ').toLowerCase()}; may be repeated`, names(STATES))
    .action((userId, { asset, state = [], ...extent }) =>
      inSession(async (session) => {
        const filter = { userId, asset, states: state.map((one) => session.api.HoldState[one]) };
        await session.printList('ListHoldsResponse', 'holds', extent, (page) =>
          session.client.listHolds({ ...filter, ...page }, session.call),
        );
      }),
    );
  addExamples(command, 'ledgerctl hold list lucas', 'ledgerctl hold list lucas --state open --asset PEEP');
}
