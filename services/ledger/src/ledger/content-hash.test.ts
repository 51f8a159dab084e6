import { batchContentHash, contentHash } from './content-hash';
import type { Command } from './writes';
import type { CaptureHoldCommand } from './writes/capture-hold';
import type { CreditCommand } from './writes/credit';
import type { PlaceHoldCommand } from './writes/place-hold';
import type { PostTransactionCommand } from './writes/post-transaction';
import type { PurchaseCommand } from './writes/purchase';
import type { PutItemCommand } from './writes/put-item';
import type { ReleaseHoldCommand } from './writes/release-hold';
import type { ReverseTransactionCommand } from './writes/reverse-transaction';
import type { TransferCommand } from './writes/transfer';
import type { UpdateAccountCommand } from './writes/update-account';

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

const transfer: TransferCommand = {
  ...{ kind: 'Transfer', scope: 'ada', requestId: 'r-1', caller: '' },
  ...{ userId: 'ada', toUserId: 'bob', asset: 'GOLD', amount: 9n },
  ...annotations,
};
const postTransaction: PostTransactionCommand = {
  ...{ kind: 'PostTransaction', scope: 'ada', requestId: 'r-1', caller: '', userId: 'ada' },
  legs: [
    { userId: 'ada', asset: 'GOLD', change: -3n, expectedSequence: 12n },
    { userId: '@shop', asset: 'GOLD', change: 3n, expectedSequence: null },
  ],
  ...noAnnotations,
};
const reverseTransaction: ReverseTransactionCommand = {
  ...{ kind: 'ReverseTransaction', scope: 'ada', requestId: 'r-1', caller: '', userId: 'ada' },
  ...{ transactionId: '019aa1b2-c3d4-7e5f-8a0b-0c0d0e0f1011', amount: 0n, description: 'zurück' },
};
const placeHold: PlaceHoldCommand = {
  ...{ kind: 'PlaceHold', scope: 'ada', requestId: 'r-1', caller: '', userId: 'ada' },
  ...{ asset: 'GOLD', amount: 40n, expireTime: 1_763_640_000_000_001n, destination: '@revenue' },
};
const captureHold: CaptureHoldCommand = {
  ...{ kind: 'CaptureHold', scope: 'ada', requestId: 'r-1', caller: '', userId: 'ada' },
  ...{ holdId: '019aa1b2-c3d4-7e5f-8a0b-0c0d0e0f1011', amount: 15n },
};
const releaseHold: ReleaseHoldCommand = {
  ...{ kind: 'ReleaseHold', scope: 'ada', requestId: 'r-1', caller: '', userId: 'ada' },
  holdId: '019aa1b2-c3d4-7e5f-8a0b-0c0d0e0f1011',
};
const updateAccount: UpdateAccountCommand = {
  ...{ kind: 'UpdateAccount', scope: 'ada', requestId: 'r-1', caller: '', userId: 'ada' },
  ...{ asset: 'GOLD', minBalance: -50n, frozen: true, metadata: annotations.metadata, etag: 'v3' },
};
const touchNothing: UpdateAccountCommand = {
  ...updateAccount,
  ...{ minBalance: null, frozen: null, metadata: null, etag: '' },
};

const hex = (command: Command): string => contentHash(command).toString('hex');

// Made from the documented layout by another program. They are in databases: a change of them needs a new version.
it.each<[what: string, command: Command, hash: string]>([
  ['Credit', credit, 'a98c8fe4c8511f0decba1dc71f7f2c7f2ab8d030f7db2fb47292da448980343d'],
  ['Purchase of an item', purchase, '8ac712ed8d01f3b78574e0de31c326b0e46e76c456bbec3e3285051c3bbc4267'],
  ['Purchase by price', byPrice, '9c649fa7ef05ac6d971ee310fd57f22cbb2a8cebc5bb3d373cc16ae2776178f5'],
  ['Transfer', transfer, '90386024316db57fba1cb5b29b394a943e06184eac4776d4df1b3e831a46c972'],
  ['PostTransaction', postTransaction, '0273fd732199844af5d39234c32f0cf4528c9cbefedc0dd2d9bcacd13cc88fd4'],
  [
    'ReverseTransaction',
    reverseTransaction,
    '80cf3d6d4f3a14b56506cf805b8c16074122059373cb7d4046c1e4d23bbb4e2c',
  ],
  ['PlaceHold', placeHold, '38cb4bbb2df51a6199d4b9b268f3a58bd4d07dde0504d71fbd52952bd3245d07'],
  [
    'PlaceHold without an end',
    { ...placeHold, expireTime: null },
    'b3a3de64f04d32150b6256df5f6e7b28e41c99c46e6d54ab4e0354a1f92f271e',
  ],
  ['CaptureHold', captureHold, 'e3262acab9a6c673266c497e90dd11bd37cdc8951ecd2a33b5edee78b2ba7560'],
  ['ReleaseHold', releaseHold, 'bcb944c6fc5ea2a7b0067781be11bd21d2618f82f6a02a7f59742e26d7c15425'],
  [
    'UpdateAccount of everything',
    updateAccount,
    '96513179a3579868140979cbfc943106f342ae096aa7ef3fd028389c4e12df31',
  ],
  [
    'UpdateAccount of nothing',
    touchNothing,
    '37a9c909745499e45a676f91c0d95f993101c22beae769901787543a3608f435',
  ],
  ['PutItem', putItem, '634b23ef6d65cbed9788bb4f17c438f7bdc3f9950a6dc4255ea48fb40ae9c69b'],
])('is for ever the same for a %s', (_what, command, hash) => {
  expect(hex(command)).toBe(hash);
});

// Made from the layout that the code had when this test was written; stored, as those above.
it('is for ever the same for an atomic batch', () => {
  const writes = [credit, purchase].map((command, index) => ({
    requestId: `r-${index}`,
    contentHash: contentHash(command),
  }));
  expect(batchContentHash(writes).toString('hex')).toBe(
    '3624a5830143f00b2f51244680517f015047c3a9d7f7276b86cc7a500941bda3',
  );
  expect(batchContentHash([]).toString('hex')).toBe(
    '6f9f0a896169457e478d468b1c8521ee0c138dac2c19191ffc70cb3c35908bed',
  );
});

it('does not depend on who calls, or under which id', () => {
  for (const command of [
    ...[credit, purchase, byPrice, transfer, postTransaction, reverseTransaction],
    ...[placeHold, captureHold, releaseHold, updateAccount, touchNothing, putItem],
  ]) {
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
