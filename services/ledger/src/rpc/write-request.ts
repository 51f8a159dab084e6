import type { PutItemRequest } from '../gen/ledger/v1/catalog_service';
import type { CreditRequest, PurchaseRequest } from '../gen/ledger/v1/ledger_service';
import {
  CATALOG_SCOPE,
  ISSUANCE_ACCOUNT,
  REVENUE_ACCOUNT,
  type CreditCommand,
  type PurchaseCommand,
  type PurchaseSubject,
  type PutItemCommand,
} from '../ledger/command';
import { Shape } from './shape';

/** Requests of writes as commands. Each throws INVALID_FIELD with all that is wrong; no clock, state or setting counts. */

/** Until callers are authenticated. */
const NO_CALLER = '';

export function creditCommand(request: CreditRequest): CreditCommand {
  const shape = new Shape();
  const command: CreditCommand = {
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
  shape.refuse();
  return command;
}

export function purchaseCommand(request: PurchaseRequest): PurchaseCommand {
  const shape = new Shape();
  const command: PurchaseCommand = {
    kind: 'Purchase',
    caller: NO_CALLER,
    requestId: shape.requestId(request.requestId),
    scope: request.userId,
    userId: shape.userId('user_id', request.userId),
    subject: purchaseSubject(shape, request.subject),
    destination: shape.systemAccount('destination', request.destination, REVENUE_ACCOUNT),
    ...shape.annotations(request),
  };
  shape.refuse();
  return command;
}

export function putItemCommand(request: PutItemRequest): PutItemCommand {
  const shape = new Shape();
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
  shape.refuse();
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
