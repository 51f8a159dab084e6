import type { CommandBase } from '../command';
import { failure } from '../failure';
import { nothing, type WriteDefinition } from '../write-definition';

/** A new version of an item. */
export interface PutItemCommand extends CommandBase {
  readonly kind: 'PutItem';
  readonly itemId: string;
  readonly name: string;
  readonly asset: string;
  readonly price: bigint;
  readonly active: boolean;
  readonly grantAsset: string;
  /** 0: no guard. */
  readonly expectedVersion: bigint;
}

/** Makes the next version of an item, unless the editor saw another one than the current. */
export const putItem: WriteDefinition<PutItemCommand> = {
  refersTo(references, command) {
    references.item(command.itemId, 0n);
    references.offer(command);
  },

  // No account: the primary key of its next version is its guard.
  lockKeys: nothing,

  writeContent(out, command) {
    out.text(command.itemId).text(command.name).text(command.asset).i64(command.price);
    out.byte(command.active ? 1 : 0).text(command.grantAsset);
    out.i64(command.expectedVersion);
  },

  decide(set, command) {
    const current = set.item(command.itemId, 0n);
    const currentVersion = current?.version ?? 0n;
    if (command.expectedVersion !== 0n && command.expectedVersion !== currentVersion) {
      return failure(
        'CONFLICT',
        `item ${command.itemId} is at version ${currentVersion}, ${command.expectedVersion} was expected`,
        { item_id: command.itemId, expected: command.expectedVersion, current: currentVersion },
      );
    }
    const { now } = set.context;
    const item = {
      itemId: command.itemId,
      version: currentVersion + 1n,
      name: command.name,
      asset: command.asset,
      price: command.price,
      active: command.active,
      grantAsset: command.grantAsset,
      // Versions follow each other in time even when the database's clock steps back.
      createTime: current !== undefined && current.createTime > now ? current.createTime : now,
    };
    set.putItem(item);
    return { type: 'itemPut', item };
  },
};
