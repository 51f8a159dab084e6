import { parseAmount, parseInteger } from '../amount';
import { BALANCE, HOLD } from '../columns';
import { addExamples, listOptions, names, requestIdOption, STATES } from '../options';
import { readList } from '../read-list';
import { section } from '../session';
import type { Setting } from '../setting';
import { parseTime } from '../time';
import { entriesOf } from './movements';

const HOLD_ID = '01a1fabb-f2a0-7105-8000-1f0c5a9be44d';

/** Amounts set aside. */
export function addHoldCommands({ root, ...rest }: Setting): void {
  const hold = root.command('hold').description('Amounts that are set aside, to be paid later or given up.');
  const setting = { root: hold, ...rest };
  addPlace(setting);
  addCapture(setting);
  addRelease(setting);
  addGet(setting);
  addList(setting);
}

function addPlace({ root, inSession }: Setting): void {
  const command = requestIdOption(root.command('place <user> <asset> <amount>'))
    .description('Sets an amount aside: it lowers what is available, not the balance.')
    .option(
      '--expires <time>',
      'when it lapses (RFC 3339; no duration, so that a retry says the same)',
      parseTime,
    )
    .option('--destination <account>', 'where a capture goes to (default: @revenue)')
    .action((userId, asset, amount, { requestId, expires, destination }) => {
      const place = { userId, asset, amount: parseAmount(amount, asset), expireTime: expires, destination };
      return inSession(async (session) => {
        const placed = await session.write(requestId, (id, call) =>
          session.client.placeHold({ ...place, requestId: id }, call),
        );
        session.print(placed, section(HOLD, [placed.hold]), section(BALANCE, [placed.balance]));
      });
    });
  addExamples(
    command,
    'ledgerctl hold place lucas PEEP 30',
    'ledgerctl hold place lucas PEEP 30 --expires 2026-12-24T18:00:00Z',
  );
}

function addCapture({ root, inSession }: Setting): void {
  const command = requestIdOption(root.command('capture <user> <hold>'))
    .description('Pays a hold, or a part of it; the rest is free again.')
    .option('--amount <amount>', 'how much of it: an integer (default: all)')
    .action((userId, holdId, { requestId, amount }) => {
      const part = parseInteger(amount ?? '0', 'amount');
      return inSession(async (session) => {
        const captured = await session.write(requestId, (id, call) =>
          session.client.captureHold({ userId, holdId, amount: part, requestId: id }, call),
        );
        const { transaction, hold, balance } = captured;
        session.print(captured, entriesOf(transaction), section(HOLD, [hold]), section(BALANCE, [balance]));
      });
    });
  addExamples(
    command,
    `ledgerctl hold capture lucas ${HOLD_ID}`,
    `ledgerctl hold capture lucas ${HOLD_ID} --amount 20`,
  );
}

function addRelease({ root, inSession }: Setting): void {
  const command = requestIdOption(root.command('release <user> <hold>'))
    .description('Gives a hold up: its amount is available again.')
    .action((userId, holdId, { requestId }) =>
      inSession(async (session) => {
        const released = await session.write(requestId, (id, call) =>
          session.client.releaseHold({ userId, holdId, requestId: id }, call),
        );
        session.print(released, section(HOLD, [released.hold]), section(BALANCE, [released.balance]));
      }),
    );
  addExamples(command, `ledgerctl hold release lucas ${HOLD_ID}`);
}

function addGet({ root, inSession }: Setting): void {
  const command = root
    .command('get <user> <hold>')
    .description('One hold, as it stands.')
    .action((userId, holdId) =>
      inSession(async (session) => {
        const found = await session.client.getHold({ userId, holdId }, session.call);
        session.print(found, section(HOLD, [found.hold]));
      }),
    );
  addExamples(command, `ledgerctl hold get lucas ${HOLD_ID}`);
}

function addList({ root, inSession }: Setting): void {
  const command = listOptions(root.command('list <user>'))
    .description("A user's holds, newest first.")
    .option('--asset <asset>', 'only of this asset')
    .option('--state <state>', `only ${STATES.join(', ').toLowerCase()}; may be repeated`, names(STATES))
    .action((userId, { asset, state = [], ...extent }) =>
      inSession(async (session) => {
        const filter = { userId, asset, states: state.map((one) => session.api.HoldState[one]) };
        const found = await readList(
          extent,
          (page) => session.client.listHolds({ ...filter, ...page }, session.call),
          ({ holds }) => holds,
        );
        session.printList('holds', found, HOLD);
      }),
    );
  addExamples(command, 'ledgerctl hold list lucas', 'ledgerctl hold list lucas --state open --asset PEEP');
}
