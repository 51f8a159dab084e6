import {
  refusals,
  serviceErrors,
  type SharedReason,
  type Translations,
} from '@ledger/kit/ledger/service-errors';
import type { ErrorReason } from '@ledger/proto/cauldrons/v1/error_reason';

/** The reasons that this service itself sends. The kit adds those that all services share. */
type Reason = Exclude<keyof typeof ErrorReason, 'UNSPECIFIED' | 'UNRECOGNIZED' | SharedReason>;

/** How the errors of this service end its calls. */
export const errors = serviceErrors<Reason>('cauldrons.v1', {
  RECIPE_NOT_FOUND: 'NOT_FOUND',
  RECIPE_FIXED: 'FAILED_PRECONDITION',
  MIX_TAKEN: 'ALREADY_EXISTS',
  TOO_MANY_RECIPES: 'FAILED_PRECONDITION',
  CART_NOT_FOUND: 'NOT_FOUND',
  CART_CHECKED_OUT: 'FAILED_PRECONDITION',
  CART_EMPTY: 'FAILED_PRECONDITION',
  SOLD_OUT: 'FAILED_PRECONDITION',
  INSUFFICIENT_GOLD: 'FAILED_PRECONDITION',
  INSUFFICIENT_ML: 'FAILED_PRECONDITION',
  CAPACITY_EXCEEDED: 'FAILED_PRECONDITION',
  DAILY_LIMIT: 'FAILED_PRECONDITION',
  SHOP_CHANGED: 'ABORTED',
  SHOP_FROZEN: 'FAILED_PRECONDITION',
  VISIT_NOT_FOUND: 'NOT_FOUND',
  ID_REUSED: 'ALREADY_EXISTS',
});

/** Creates the errors of a shop. */
export const refuse = refusals<Reason>();

type Refusal = ReturnType<typeof refuse>;

/** The error for an id that was used for something else. */
export function reused(id: string): Refusal {
  return refuse('ID_REUSED', `the id ${id} was used for something else`, { id });
}

/** The error for a SKU without a recipe. */
export function noRecipe(sku: string): Refusal {
  return refuse('RECIPE_NOT_FOUND', `no recipe ${sku}`, { sku });
}

/** The error for a reset that failed because of a concurrent movement. */
export function shopChanged(): Refusal {
  return refuse('SHOP_CHANGED', 'something was booked while the shop was reset: reset it again');
}

/** The error for a shop whose account is frozen. */
export function shopFrozen(): Refusal {
  return refuse('SHOP_FROZEN', 'the account of the shop is frozen');
}

/** The error for a reset of a shop with open holds on its balances. */
export function shopHeld(): Refusal {
  return refuse('SHOP_FROZEN', 'some of what the shop has is held back');
}

/** Translates the ledger's errors for a booking under an id. `skus` has the SKUs by potion asset. */
export function forBooking(id: string, skus: ReadonlyMap<string, string>): Translations {
  return {
    INSUFFICIENT_FUNDS: ({ metadata }) => {
      const { asset = '', available = '', required = '' } = metadata;
      return shortOf(asset, available, required, skus.get(asset) ?? '');
    },
    ACCOUNT_FROZEN: shopFrozen,
    CONFLICT: shopChanged,
    REQUEST_ID_REUSED: () => reused(id),
  };
}

function shortOf(asset: string, available: string, required: string, sku: string): Refusal {
  const [type = '', kind = ''] = asset.toLowerCase().split(/[_:]/);
  switch (type) {
    case 'gold': {
      const message = `the shop has ${available} gold, ${required} are required`;
      return refuse('INSUFFICIENT_GOLD', message, { gold: available, required });
    }
    case 'ml': {
      const message = `there are ${available} ml of ${kind}, ${required} are required`;
      return refuse('INSUFFICIENT_ML', message, { colour: kind, available, required });
    }
    case 'free': {
      const message = `there is room for ${available} ${kind}, not for ${required}`;
      return refuse('CAPACITY_EXCEEDED', message, { kind, free: available, required });
    }
    case 'quota': {
      const message = `${available} units of capacity for ${kind} are left that day, not ${required}`;
      return refuse('DAILY_LIMIT', message, { kind, left: available, required });
    }
    default:
      return refuse('SOLD_OUT', `there are ${available} of ${sku}, not ${required}`, {
        ...{ sku, available, required },
      });
  }
}
