import type { PutItemRequest } from '@ledger/proto/ledger/v1/catalog_service';
import type {
  CreditRequest,
  Leg,
  PostTransactionRequest,
  PurchaseRequest,
  ReverseTransactionRequest,
  TransferRequest,
} from '@ledger/proto/ledger/v1/ledger_service';
import {
  CATALOG_SCOPE,
  ISSUANCE_ACCOUNT,
  REVENUE_ACCOUNT,
  type CommandLeg,
  type CreditCommand,
  type PostTransactionCommand,
  type PurchaseCommand,
  type PurchaseSubject,
  type PutItemCommand,
  type ReverseTransactionCommand,
  type TransferCommand,
} from '../ledger/command';
import { NO_CALLER, type Shape } from './validator';

/** Requests of writes as commands. What is wrong is collected in the shape; no clock, state or setting counts. */

/** Credit as a command. */
export function creditCommand(request: CreditRequest, shape: Shape): CreditCommand {
  return {
    kind: 'Credit',
    caller: NO_CALLER,
    requestId: shape.requestId(request.requestId),
    scope: request.userId,
    userId: shape.userId('user_id', request.userId),
    asset: shape.asset('asset', request.asset),
    amount: shape.positive('amount', request.amount),
    source: shape.systemAccount('source', request.source, ISSUANCE_ACCOUNT),
    ...shape.annotations(request),
  };
}

/** Purchase as a command. */
export function purchaseCommand(request: PurchaseRequest, shape: Shape): PurchaseCommand {
  return {
    kind: 'Purchase',
    caller: NO_CALLER,
    requestId: shape.requestId(request.requestId),
    scope: request.userId,
    userId: shape.userId('user_id', request.userId),
    subject: purchaseSubject(shape, request.subject),
    destination: shape.systemAccount('destination', request.destination, REVENUE_ACCOUNT),
    ...shape.annotations(request),
  };
}

/** Transfer as a command. */
export function transferCommand(request: TransferRequest, shape: Shape): TransferCommand {
  if (request.fromUserId === request.toUserId) shape.violate('to_user_id', 'must differ from from_user_id');
  return {
    kind: 'Transfer',
    caller: NO_CALLER,
    requestId: shape.requestId(request.requestId),
    scope: request.fromUserId,
    userId: shape.userId('from_user_id', request.fromUserId),
    toUserId: shape.userId('to_user_id', request.toUserId),
    asset: shape.asset('asset', request.asset),
    amount: shape.positive('amount', request.amount),
    ...shape.annotations(request),
  };
}

/** PostTransaction as a command. */
export function postTransactionCommand(
  request: PostTransactionRequest,
  shape: Shape,
): PostTransactionCommand {
  return {
    kind: 'PostTransaction',
    caller: NO_CALLER,
    requestId: shape.requestId(request.requestId),
    scope: request.userId,
    userId: shape.userId('user_id', request.userId),
    legs: commandLegs(request, shape),
    ...shape.annotations(request),
  };
}

/** ReverseTransaction as a command. */
export function reverseTransactionCommand(
  request: ReverseTransactionRequest,
  shape: Shape,
): ReverseTransactionCommand {
  return {
    kind: 'ReverseTransaction',
    caller: NO_CALLER,
    requestId: shape.requestId(request.requestId),
    scope: request.userId,
    userId: shape.userId('user_id', request.userId),
    transactionId: shape.uuid('transaction_id', request.transactionId),
    amount: shape.notNegative('amount', request.amount),
    description: shape.description(request.description),
  };
}

/** PutItem as a command. */
export function putItemCommand(request: PutItemRequest, shape: Shape): PutItemCommand {
  const command: PutItemCommand = {
    kind: 'PutItem',
    caller: NO_CALLER,
    requestId: shape.requestId(request.requestId),
    scope: CATALOG_SCOPE,
    itemId: shape.itemId('item_id', request.itemId),
    name: shape.name('name', request.name),
    asset: shape.asset('asset', request.asset),
    price: shape.positive('price', request.price),
    active: request.active,
    grantAsset: shape.optionalAsset('grant_asset', request.grantAsset),
    expectedVersion: shape.notNegative('expected_version', request.expectedVersion),
  };
  if (command.grantAsset !== '' && command.grantAsset === command.asset) {
    shape.violate('grant_asset', 'must differ from asset');
  }
  return command;
}

function purchaseSubject(shape: Shape, subject: PurchaseRequest['subject']): PurchaseSubject {
  switch (subject?.$case) {
    case 'item':
      return {
        by: 'item',
        itemId: shape.itemId('item.item_id', subject.value.itemId),
        quantity: shape.quantity('item.quantity', subject.value.quantity),
        priceVersion: shape.notNegative('item.price_version', subject.value.priceVersion),
      };
    case 'price':
      return {
        by: 'price',
        asset: shape.asset('price.asset', subject.value.asset),
        amount: shape.positive('price.amount', subject.value.amount),
        itemId: shape.optionalItemId('price.item_id', subject.value.itemId),
      };
    case undefined:
      shape.violate('subject', 'is required: item or price');
      return { by: 'price', asset: '', amount: 0n, itemId: '' };
  }
}

const LEGS_MIN = 2;
const LEGS_MAX = 64;

function commandLegs(request: PostTransactionRequest, shape: Shape): CommandLeg[] {
  const { legs, userId } = request;
  if (legs.length < LEGS_MIN || legs.length > LEGS_MAX) {
    shape.violate('legs', `must be ${LEGS_MIN} to ${LEGS_MAX}`);
  }
  if (legs.length === 0) return [];
  const accounts = new Set(legs.map((leg) => `${leg.userId}\0${leg.asset}`));
  if (accounts.size < legs.length) shape.violate('legs', 'must have one leg per account');
  if (!legs.some((leg) => leg.userId === userId)) shape.violate('user_id', 'must be one of the legs');
  for (const asset of unbalancedAssets(legs)) shape.violate('legs', `must sum to zero in ${asset}`);
  return legs.slice(0, LEGS_MAX).map((leg, index) => commandLeg(leg, `legs[${index}]`, shape));
}

function commandLeg(leg: Leg, field: string, shape: Shape): CommandLeg {
  const { expectedSequence } = leg;
  if (expectedSequence !== undefined) {
    shape.notNegative(`${field}.expected_sequence`, expectedSequence);
    if (leg.userId.startsWith('@')) shape.violate(`${field}.expected_sequence`, 'is not for system accounts');
  }
  return {
    userId: shape.accountUserId(`${field}.user_id`, leg.userId),
    asset: shape.asset(`${field}.asset`, leg.asset),
    change: shape.notZero(`${field}.change`, leg.change),
    expectedSequence: expectedSequence ?? null,
  };
}

function unbalancedAssets(legs: readonly Leg[]): string[] {
  const sums = new Map<string, bigint>();
  for (const { asset, change } of legs) sums.set(asset, (sums.get(asset) ?? 0n) + change);
  return [...sums].filter(([, sum]) => sum !== 0n).map(([asset]) => asset);
}
