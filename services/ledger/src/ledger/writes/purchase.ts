import { writeAnnotations, type Annotations } from '../annotations';
import { ISSUANCE_ACCOUNT, type CommandBase } from '../command';
import { failure, type Failure } from '../failure';
import type { ItemSnapshot } from '../item';
import { fitsInt64 } from '../money';
import { headerOf, post, refuseFrozen, reversibleAmountOf, viewOf, type Leg } from '../post';
import { EntryKind } from '../transaction';
import type { WorkingSet } from '../working-set';
import type { WriteDefinition } from '../write-definition';

/** What a purchase pays for: an item of the catalog, or a price that the caller knows. */
export type PurchaseSubject =
  | { readonly by: 'item'; readonly itemId: string; readonly quantity: bigint; readonly priceVersion: bigint }
  | { readonly by: 'price'; readonly asset: string; readonly amount: bigint; readonly itemId: string };

/** A user pays a system account. */
export interface PurchaseCommand extends CommandBase, Annotations {
  readonly kind: 'Purchase';
  readonly userId: string;
  readonly subject: PurchaseSubject;
  readonly destination: string;
}

/** Debits the buyer, credits the destination and, for an item with a grant asset, hands out what was bought. */
export const purchase: WriteDefinition<PurchaseCommand> = {
  refersTo(references, { subject }) {
    if (subject.by === 'item') references.item(subject.itemId, subject.priceVersion);
  },

  lockKeys(keys, { userId, subject, destination }) {
    if (subject.by === 'price') {
      keys.account(userId, subject.asset);
      keys.account(destination, subject.asset);
      return;
    }
    for (const { asset, grantAsset } of keys.versionsOf(subject.itemId)) {
      keys.account(userId, asset);
      keys.account(destination, asset);
      if (grantAsset === '') continue;
      keys.account(userId, grantAsset);
      keys.account(ISSUANCE_ACCOUNT, grantAsset);
    }
  },

  writeContent(out, command) {
    const { subject } = command;
    if (subject.by === 'item') {
      out.byte(1).text(subject.itemId).i64(subject.quantity).i64(subject.priceVersion);
    } else {
      out.byte(2).text(subject.asset).i64(subject.amount).text(subject.itemId);
    }
    out.text(command.destination);
    writeAnnotations(out, command);
  },

  decide(set, command) {
    const { subject } = command;
    const terms = subject.by === 'item' ? termsOfItem(set, command.userId, subject) : termsOfPrice(subject);
    if ('type' in terms) return terms;

    const buyer = set.account(command.userId, terms.asset);
    const legs: Leg[] = [
      { account: buyer, change: -terms.total },
      { account: set.account(command.destination, terms.asset), change: terms.total },
    ];
    if (terms.grantAsset !== '' && terms.snapshot !== null) {
      const { quantity } = terms.snapshot;
      legs.push({ account: set.account(command.userId, terms.grantAsset), change: quantity });
      legs.push({ account: set.account(ISSUANCE_ACCOUNT, terms.grantAsset), change: -quantity });
    }
    const transaction = post(set, headerOf(EntryKind.PURCHASE, command, terms.snapshot), legs);
    if ('type' in transaction) return transaction;
    return {
      type: 'posted',
      transaction,
      reversibleAmount: reversibleAmountOf(legs),
      balances: [viewOf(buyer)],
    };
  },
};

/** What a purchase comes to once its price is known. */
interface Terms {
  readonly asset: string;
  readonly total: bigint;
  /** What the buyer gets of the ledger's own assets; empty: nothing. */
  readonly grantAsset: string;
  readonly snapshot: ItemSnapshot | null;
}

function termsOfPrice(subject: PurchaseSubject & { by: 'price' }): Terms {
  const { asset, amount, itemId } = subject;
  const snapshot =
    itemId === '' ? null : { itemId, name: '', priceVersion: 0n, unitPrice: amount, quantity: 1n };
  return { asset, total: amount, grantAsset: '', snapshot };
}

function termsOfItem(
  set: WorkingSet,
  userId: string,
  subject: PurchaseSubject & { by: 'item' },
): Terms | Failure {
  const { itemId, quantity, priceVersion } = subject;
  const current = set.item(itemId, 0n);
  const paid = set.item(itemId, priceVersion);
  if (current === undefined || paid === undefined) return itemNotFound(itemId, priceVersion);

  const frozen = refuseFrozen(set.account(userId, paid.asset));
  if (frozen !== null) return frozen;
  if (!current.active) {
    return failure('ITEM_INACTIVE', `item ${itemId} is not sold at present`, {
      item_id: itemId,
      current_version: current.version,
    });
  }
  const successor = set.item(itemId, paid.version + 1n);
  const { now, priceGraceMicros } = set.context;
  if (successor !== undefined && now - successor.createTime > priceGraceMicros) {
    return failure(
      'PRICE_CHANGED',
      `version ${paid.version} of item ${itemId} is out of date: now version ${current.version} at ${current.price} ${current.asset}`,
      {
        item_id: itemId,
        price_version: paid.version,
        current_version: current.version,
        current_price: current.price,
        asset: current.asset,
      },
    );
  }
  const total = paid.price * quantity;
  if (!fitsInt64(total)) {
    return failure('AMOUNT_OVERFLOW', `${quantity} of item ${itemId} at ${paid.price} would pass int64`, {
      item_id: itemId,
      price: paid.price,
      quantity,
    });
  }
  const snapshot = { itemId, name: paid.name, priceVersion: paid.version, unitPrice: paid.price, quantity };
  return { asset: paid.asset, total, grantAsset: paid.grantAsset, snapshot };
}

function itemNotFound(itemId: string, version: bigint): Failure {
  return version === 0n
    ? failure('ITEM_NOT_FOUND', `no item ${itemId}`, { item_id: itemId })
    : failure('ITEM_NOT_FOUND', `no version ${version} of item ${itemId}`, { item_id: itemId, version });
}
