import type { Command, CreditCommand, PurchaseCommand, PutItemCommand } from './command';
import { contentHash } from './content-hash';

const annotations = {
  ...{ description: 'für Ada', reference: 'ref-1', effectiveTime: 1_763_640_000_000_001n },
  metadata: [
    ['a', '1'],
    ['é', '2'],
  ],
} as const;
const noAnnotations = { description: '', reference: '', effectiveTime: null, metadata: [] };

const credit: CreditCommand = {
  ...{ kind: 'Credit', scope: 'ada', requestId: 'r-1', caller: '' },
  ...{ userId: 'ada', asset: 'USD/2', amount: 1_250n, source: '@issuance' },
  ...annotations,
};
const purchase: PurchaseCommand = {
  ...{ kind: 'Purchase', scope: 'ada', requestId: 'r-1', caller: '', userId: 'ada' },
  subject: { by: 'item', itemId: 'mug', quantity: 2n, priceVersion: 3n },
  destination: '@revenue',
  ...noAnnotations,
};
const byPrice: PurchaseCommand = {
  ...purchase,
  subject: { by: 'price', asset: 'GOLD', amount: 7n, itemId: 'mug' },
};
const putItem: PutItemCommand = {
  ...{ kind: 'PutItem', scope: '@catalog', requestId: 'r-1', caller: '' },
  ...{ itemId: 'mug', name: 'Mug', asset: 'GOLD', price: 5n, active: true },
  ...{ grantAsset: 'COUPON:mug', expectedVersion: 4n },
};

const hex = (command: Command): string => contentHash(command).toString('hex');

// Made from the documented layout by another program. They are in databases: a change of them needs a new version.
it.each<[what: string, command: Command, hash: string]>([
  ['Credit', credit, 'a98c8fe4c8511f0decba1dc71f7f2c7f2ab8d030f7db2fb47292da448980343d'],
  ['Purchase of an item', purchase, '8ac712ed8d01f3b78574e0de31c326b0e46e76c456bbec3e3285051c3bbc4267'],
  ['Purchase by price', byPrice, '9c649fa7ef05ac6d971ee310fd57f22cbb2a8cebc5bb3d373cc16ae2776178f5'],
  ['PutItem', putItem, '634b23ef6d65cbed9788bb4f17c438f7bdc3f9950a6dc4255ea48fb40ae9c69b'],
])('is for ever the same for a %s', (_what, command, hash) => {
  expect(hex(command)).toBe(hash);
});

it('does not depend on who calls, or under which id', () => {
  for (const command of [credit, purchase, byPrice, putItem]) {
    expect(hex({ ...command, requestId: 'r-2', caller: 'shop' })).toBe(hex(command));
  }
});

it.each<[what: string, command: Command, other: Command]>([
  ['scope', credit, { ...credit, scope: 'bob', userId: 'bob' }],
  ['asset', credit, { ...credit, asset: 'USD' }],
  ['amount', credit, { ...credit, amount: 1_251n }],
  ['source', credit, { ...credit, source: '@mint' }],
  ['description', credit, { ...credit, description: '' }],
  ['reference', credit, { ...credit, reference: 'ref-2' }],
  ['effective time', credit, { ...credit, effectiveTime: 1_763_640_000_000_000n }],
  ['effective time, that is none', { ...credit, effectiveTime: 0n }, { ...credit, effectiveTime: null }],
  ['metadata', credit, { ...credit, metadata: [['a', '1']] }],
  ['metadata, key for value', credit, { ...credit, metadata: [['1', 'a'], annotations.metadata[1]] }],
  [
    'text, parted between description and reference',
    { ...credit, description: 'ab', reference: 'c' },
    { ...credit, description: 'a', reference: 'bc' },
  ],
  ['item', purchase, withSubject({ itemId: 'cup' })],
  ['quantity', purchase, withSubject({ quantity: 3n })],
  ['price version', purchase, withSubject({ priceVersion: 0n })],
  ['destination', purchase, { ...purchase, destination: '@shop' }],
  ['kind of subject', purchase, byPrice],
  ['asset of a price', byPrice, withPrice({ asset: 'PEEP' })],
  ['amount of a price', byPrice, withPrice({ amount: 8n })],
  ['item of a price', byPrice, withPrice({ itemId: '' })],
  ['item id', putItem, { ...putItem, itemId: 'cup' }],
  ['name', putItem, { ...putItem, name: 'mug' }],
  ['asset of an item', putItem, { ...putItem, asset: 'PEEP' }],
  ['price of an item', putItem, { ...putItem, price: 6n }],
  ['state of an item', putItem, { ...putItem, active: false }],
  ['granted asset', putItem, { ...putItem, grantAsset: '' }],
  ['expected version', putItem, { ...putItem, expectedVersion: 0n }],
  ['rpc', { ...credit, ...noAnnotations, scope: '@catalog' }, { ...putItem, itemId: 'USD/2' }],
])('is another one for another %s', (_what, command, other) => {
  expect(hex(other)).not.toBe(hex(command));
});

function withSubject(part: object): PurchaseCommand {
  return { ...purchase, subject: { by: 'item', itemId: 'mug', quantity: 2n, priceVersion: 3n, ...part } };
}

function withPrice(part: object): PurchaseCommand {
  return { ...purchase, subject: { by: 'price', asset: 'GOLD', amount: 7n, itemId: 'mug', ...part } };
}
