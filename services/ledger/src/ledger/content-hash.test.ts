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
  ['Credit', credit, '99714696fa9dd10e3d74097f77ae0556cd125dacfc5a900a628d66b1bd8fc0f8'],
  ['Purchase of an item', purchase, '88b249bf7c24246f6de7165079629e03ec8928ae6b56bb28bfe356db02fb14bf'],
  ['Purchase by price', byPrice, '7cce630e3d7d614ef65a44891733a9db5773287344f570b72f93e1b7ab57f89d'],
  ['Transfer', transfer, '24ce36bf6f53c38f72bddb94967e33639ee4a9307b1082c443f9da9ea64e8d25'],
  ['PostTransaction', postTransaction, '1726f705f806d70b8a8dba69abcb772042e9202aafcf7789d919ba0fb21f3398'],
  [
    'ReverseTransaction',
    reverseTransaction,
    'd6ef21366b63a2f59069cabe9e0abb707d3318dcfe99825119465becb5795935',
  ],
  ['PlaceHold', placeHold, '967187d3737f3a4b6c10a46da5466a0bbfcda00c8349fd33314ed58836ab15ea'],
  [
    'PlaceHold without an end',
    { ...placeHold, expireTime: null },
    '347486ff86dcbf12a7ff7816794e29c965f0346a4c2645cb3033710ff4167717',
  ],
  ['CaptureHold', captureHold, '38d5f55404ca4014033d976376b6ca1d2a2935cbcdffef31acb5655f4cf0d824'],
  ['ReleaseHold', releaseHold, '881d10efacb312fc02200e0c839b7b94bacf19f741f631d9b620ce4c6b45aed0'],
  [
    'UpdateAccount of everything',
    updateAccount,
    '8701e9531238508774d13b172079fa6356f950a0d65519caaaf733f9beefd075',
  ],
  [
    'UpdateAccount of nothing',
    touchNothing,
    '739b2e58376e46166fa523e7987b538e38e5e95799c6eb6cc9f9bdb825b1dc67',
  ],
  ['PutItem', putItem, '9803be935ad476547925e5388bf0de97fdea7cc1a1fa2f6b5d0d63216647bd58'],
])('is for ever the same for a %s', (_what, command, hash) => {
  expect(hex(command)).toBe(hash);
});

// Made from the layout that the code had when this test was written; stored, as those above.
it('is for ever the same for an atomic batch', () => {
  const writes = [credit, purchase].map((command, index) => ({
    requestId: `r-${index}`,
    contentHash: contentHash(command),
  }));
  expect(batchContentHash('', false, writes).toString('hex')).toBe(
    'f75a1f040d92e75568970f438612d43de6d08476209f985962a08a4152f78189',
  );
  expect(batchContentHash('', false, []).toString('hex')).toBe(
    '84d3c7f5462b29bebc221b82e323a5b0296ef2adc42047cdde08f65cc7a97907',
  );
});

const all: readonly Command[] = [
  ...[credit, purchase, byPrice, transfer, postTransaction, reverseTransaction],
  ...[placeHold, captureHold, releaseHold, updateAccount, touchNothing, putItem],
];

it('does not depend on the request id', () => {
  for (const command of all) expect(hex({ ...command, requestId: 'r-2' })).toBe(hex(command));
});

it('is another one for another caller, whatever the write', () => {
  for (const command of all) {
    const hashes = ['', 'shop', 'mint'].map((caller) => hex({ ...command, caller }));
    expect(new Set(hashes).size).toBe(3);
  }
  const writes = [{ requestId: 'r', contentHash: contentHash(credit) }];
  expect(batchContentHash('shop', false, writes)).not.toEqual(batchContentHash('', false, writes));
  expect(batchContentHash('', true, writes)).not.toEqual(batchContentHash('', false, writes));
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
