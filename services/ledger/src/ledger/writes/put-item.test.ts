import { lockedState, NOW } from '../../../../../test/harness/locked-state';
import { putItem, type PutItemCommand } from './put-item';

const command: PutItemCommand = {
  ...{ kind: 'PutItem', scope: '@catalog', requestId: 'r', caller: '', itemId: 'mug', name: 'Mug' },
  ...{ asset: 'GOLD', price: 5n, active: true, grantAsset: '', expectedVersion: 0n },
};

it('makes the first version, and each next one after the current one', () => {
  const set = lockedState({});
  for (const version of [1n, 2n, 3n]) {
    expect(putItem.decide(set, { ...command, price: version })).toMatchObject({
      type: 'itemPut',
      item: { itemId: 'mug', version, price: version, createTime: NOW },
    });
    expect(set.item('mug', 0n)).toMatchObject({ version });
  }
  expect(set.newItems.map(({ version }) => version)).toEqual([1n, 2n, 3n]);
});

it('goes on from the highest version, in whatever order they were read', () => {
  const items = [2n, 4n, 3n].map((version) => ({ itemId: 'mug', version }));
  expect(putItem.decide(lockedState({ items }), command)).toMatchObject({ item: { version: 5n } });
});

it.each([
  { current: 4n, expectedVersion: 4n, outcome: 'itemPut' },
  { current: 4n, expectedVersion: 0n, outcome: 'itemPut' },
  { current: 4n, expectedVersion: 3n, outcome: 'failure' },
  { current: 4n, expectedVersion: 5n, outcome: 'failure' },
])(
  'after $current, with $expectedVersion expected, comes to $outcome',
  ({ current, expectedVersion, outcome }) => {
    const set = lockedState({ items: [{ itemId: 'mug', version: current }] });
    expect(putItem.decide(set, { ...command, expectedVersion }).type).toBe(outcome);
    expect(set.newItems).toHaveLength(outcome === 'itemPut' ? 1 : 0);
  },
);

it('tells an editor of an item that is not there that its version is none', () => {
  expect(putItem.decide(lockedState({}), { ...command, expectedVersion: 1n })).toMatchObject({
    ...{ reason: 'CONFLICT', metadata: { item_id: 'mug', expected: '1', current: '0' } },
  });
});

it('never makes a version older than the one before, when the clock stepped back', () => {
  const set = lockedState({ items: [{ itemId: 'mug', createTime: NOW + 9n }] });
  expect(putItem.decide(set, command)).toMatchObject({ item: { createTime: NOW + 9n } });
});
