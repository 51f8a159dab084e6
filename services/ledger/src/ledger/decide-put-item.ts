import type { PutItemCommand } from './command';
import { failure } from './failure';
import type { Outcome } from './outcome';
import type { WorkingSet } from './working-set';

/** Makes the next version of an item, unless the editor saw another one than the current. */
export function decidePutItem(set: WorkingSet, command: PutItemCommand): Outcome {
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
}
