import { parseAmount, parseInteger } from '../amount';
import { ITEM } from '../columns';
import { addExamples, listOptions, requestIdOption } from '../options';
import { readList } from '../read-list';
import { section } from '../session';
import type { Setting } from '../setting';

/** Things with a price. */
export function addItemCommands({ root, ...rest }: Setting): void {
  const item = root.command('item').description('Items and their prices, in versions.');
  const setting = { root: item, ...rest };
  addPut(setting);
  addGet(setting);
  addList(setting);
  addVersions(setting);
}

function addPut({ root, inSession }: Setting): void {
  const command = requestIdOption(root.command('put <item> <name> <asset> <price>'))
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
        session.print(made, section(ITEM, [made.item]));
      });
    });
  addExamples(
    command,
    "ledgerctl item put blt 'Free BLT' PEEP 20 --grant-asset COUPON:BLT",
    "ledgerctl item put blt 'Free BLT' PEEP 25 --grant-asset COUPON:BLT --expected-version 1",
  );
}

function addGet({ root, inSession }: Setting): void {
  const command = root
    .command('get <item>')
    .description('One version of an item.')
    .option('--item-version <n>', 'which (default: the current one)')
    .action((itemId, { itemVersion }) => {
      const version = parseInteger(itemVersion ?? '0', 'version');
      return inSession(async (session) => {
        const found = await session.client.getItem({ itemId, version }, session.call);
        session.print(found, section(ITEM, [found.item]));
      });
    });
  addExamples(command, 'ledgerctl item get blt', 'ledgerctl item get blt --item-version 1');
}

function addList({ root, inSession }: Setting): void {
  const command = listOptions(root.command('list'))
    .description('The current version of every item.')
    .option('--include-inactive', 'also of those that are not sold')
    .action(({ includeInactive, ...extent }) =>
      inSession(async (session) => {
        const found = await readList(
          extent,
          (page) => session.client.listItems({ includeInactive, ...page }, session.call),
          ({ items }) => items,
        );
        session.printList('items', found, ITEM);
      }),
    );
  addExamples(command, 'ledgerctl item list', 'ledgerctl item list --include-inactive --all -o csv');
}

function addVersions({ root, inSession }: Setting): void {
  const command = listOptions(root.command('versions <item>'))
    .description('All versions of an item, newest first.')
    .action((itemId, extent) =>
      inSession(async (session) => {
        const found = await readList(
          extent,
          (page) => session.client.listItemVersions({ itemId, ...page }, session.call),
          ({ items }) => items,
        );
        session.printList('items', found, ITEM);
      }),
    );
  addExamples(command, 'ledgerctl item versions blt');
}
