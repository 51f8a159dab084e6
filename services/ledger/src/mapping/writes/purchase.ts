import { PurchaseRequest, PurchaseResponse } from '@ledger/proto/ledger/v1/ledger_service';
import { REVENUE_ACCOUNT } from '../../ledger/command';
import type { PurchaseCommand, PurchaseSubject } from '../../ledger/writes/purchase';
import { transactionAndBalance } from '../messages';
import { NO_CALLER, type RequestValidator } from '../validator';
import type { WriteMapping } from '../write-mapping';

/** Purchase. */
export const purchase: WriteMapping<PurchaseCommand, PurchaseRequest, PurchaseResponse> = {
  path: 'ledger.v1.LedgerService/Purchase',
  request: PurchaseRequest,
  response: PurchaseResponse,
  batch: { name: 'purchase', number: 2 },
  streamNumber: 4,
  scopeOf: ({ userId }) => userId,

  toCommand(request, scope, validator) {
    return {
      kind: 'Purchase',
      caller: NO_CALLER,
      requestId: validator.requestId(request.requestId),
      scope,
      userId: validator.userId('user_id', request.userId),
      subject: subjectOf(request.subject, validator),
      destination: validator.systemAccount('destination', request.destination, REVENUE_ACCOUNT),
      ...validator.annotations(request),
    };
  },

  toResponse: transactionAndBalance,
};

function subjectOf(subject: PurchaseRequest['subject'], validator: RequestValidator): PurchaseSubject {
  switch (subject?.$case) {
    case 'item':
      return {
        by: 'item',
        itemId: validator.itemId('item.item_id', subject.value.itemId),
        quantity: validator.quantity('item.quantity', subject.value.quantity),
        priceVersion: validator.notNegative('item.price_version', subject.value.priceVersion),
      };
    case 'price':
      return {
        by: 'price',
        asset: validator.asset('price.asset', subject.value.asset),
        amount: validator.positive('price.amount', subject.value.amount),
        itemId: validator.optionalItemId('price.item_id', subject.value.itemId),
      };
    case undefined:
      validator.addViolation('subject', 'is required: item or price');
      return { by: 'price', asset: '', amount: 0n, itemId: '' };
  }
}
