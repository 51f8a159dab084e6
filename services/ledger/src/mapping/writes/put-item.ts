import { PutItemRequest, PutItemResponse } from '@ledger/proto/ledger/v1/catalog_service';
import { CATALOG_SCOPE } from '../../ledger/command';
import type { PutItemCommand } from '../../ledger/writes/put-item';
import { itemMessage } from '../messages';
import { NO_CALLER } from '../validator';
import type { WriteMapping } from '../write-mapping';

/** PutItem: the catalog owns it. */
export const putItem: WriteMapping<PutItemCommand, PutItemRequest, PutItemResponse> = {
  path: 'ledger.v1.CatalogService/PutItem',
  request: PutItemRequest,
  response: PutItemResponse,
  batch: null,
  streamNumber: 11,
  scopeOf: () => CATALOG_SCOPE,

  toCommand(request, scope, validator) {
    const command: PutItemCommand = {
      kind: 'PutItem',
      caller: NO_CALLER,
      requestId: validator.requestId(request.requestId),
      scope,
      itemId: validator.itemId('item_id', request.itemId),
      name: validator.name('name', request.name),
      asset: validator.asset('asset', request.asset),
      price: validator.positive('price', request.price),
      active: request.active,
      grantAsset: validator.optionalAsset('grant_asset', request.grantAsset),
      expectedVersion: validator.notNegative('expected_version', request.expectedVersion),
    };
    if (command.grantAsset !== '' && command.grantAsset === command.asset) {
      validator.addViolation('grant_asset', 'must differ from asset');
    }
    return command;
  },

  toResponse(outcome) {
    if (outcome.type !== 'itemPut') throw new TypeError(`an item was expected, not ${outcome.type}`);
    return { item: itemMessage(outcome.item) };
  },
};
