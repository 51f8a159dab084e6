import { parseInteger } from '../input/amount';
import { addExamples, listOptions, requestIdOption } from '../input/options';
import type { CommandGroup } from '../command-group';

/** The commands for the items of the catalog. */
export function addItemCommands({ parent, ...rest }: CommandGroup): void {
  const item = parent.command('item').description('Items and their prices, in versions.');
  const group = { parent: item, ...rest };
  addPut(group);
  addGet(group);
  addList(group);
  addVersions(group);
}

function addPut({ parent, inSession, parseAmount }: CommandGroup): void {
  const command = requestIdOption(parent.command('put <item> <name> <asset> <price>'))
    .description(
      'Makes the first or the next version of an item, all of it: what is left out is empty in it.',
    )
    .option('--inactive', 'it is not sold')
    .option('--grant-asset <asset>', 'what the buyer gets, one per piece')
    .option('--expected-version <n>', 'the version that this one replaces: guards against two editors')
    .action((itemId, name, asset, priceText, { requestId, inactive, grantAsset, expectedVersion }) => {
      const price = parseAmount(priceText, asset);
      const expected = parseInteger(expectedVersion ?? '0', 'version');
      const put = { itemId, name, asset, price, active: inactive !== true, grantAsset };
      return inSession(async (session) => {
        const made = await session.write(requestId, (id, call) =>
          session.client.putItem({ ...put, expectedVersion: expected, requestId: id }, call),
        );
        session.print('PutItemResponse', made, 'item');
      });
    });
  addExamples(
    command,
    "ledgerctl item put blt 'Free BLT' PEEP 20 --grant-asset COUPON:BLT",
    "ledgerctl item put blt 'Free BLT' PEEP 25 --grant-asset COUPON:BLT --expected-version 1",
  );
}

function addGet({ parent, inSession }: CommandGroup): void {
  const command = parent
    .command('get <item>')
    .description('One version of an item.')
    .option('--item-version <n>', 'which (default: the current one)')
    .action((itemId, { itemVersion }) => {
      const version = parseInteger(itemVersion ?? '0', 'version');
      return inSession(async (session) => {
        const found = await session.client.getItem({ itemId, version }, session.call);
        session.print('GetItemResponse', found, 'item');
      });
    });
  addExamples(command, 'ledgerctl item get blt', 'ledgerctl item get blt --item-version 1');
}

function addList({ parent, inSession }: CommandGroup): void {
  const command = listOptions(parent.command('list'))
    .description('The current version of every item.')
    .option('--include-inactive', 'also of those that are not sold')
    .action(({ includeInactive, ...extent }) =>
      inSession(async (session) => {
        await session.printList('ListItemsResponse', 'items', extent, (page) =>
          session.client.listItems({ includeInactive, ...page }, session.call),
        );
      }),
    );
  addExamples(command, 'ledgerctl item list', 'ledgerctl item list --include-inactive --all -o csv');
}

function addVersions({ parent, inSession }: CommandGroup): void {
  const command = listOptions(parent.command('versions <item>'))
    .description('All versions of an item, newest first.')
    .action((itemId, extent) =>
      inSession(async (session) => {
        await session.printList('ListItemVersionsResponse', 'items', extent, (page) =>
          session.client.listItemVersions({ itemId, ...page }, session.call),
        );
      }),
    );
  addExamples(command, 'ledgerctl item versions blt');
}
