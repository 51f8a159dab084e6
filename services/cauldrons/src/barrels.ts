import type { LedgerClient } from '@ledger/client';
import type { Handlers } from '@ledger/kit/ledger/unary-service';
import { COLOURS, coloursOf, sumOfColours, totalMl } from './colours';
import type { Barrels, CauldronsServiceService } from '@ledger/proto/cauldrons/v1/cauldrons_service';
import { planBarrels, type Offer } from './plan-barrels';
import { present } from './present';
import { book, FREE_ML, GOLD, mlAsset, readStock } from './shop-account';

type BarrelMethods = Pick<Handlers<typeof CauldronsServiceService>, 'planBarrels' | 'deliverBarrels'>;

/** Buying barrels: gold and free room go down, ml go up. */
export function barrelMethods(ledger: LedgerClient): BarrelMethods {
  return {
    async planBarrels({ shopId, offers }, call) {
      const stock = await readStock(ledger, { shopId, recipes: [] }, call.ledgerOptions());
      return { barrels: planBarrels(stock, offers.map(offerOf)) };
    },

    async deliverBarrels({ shopId, orderId, barrels }, call) {
      const goldPaid = barrels.reduce((sum, { price, quantity }) => sum + price * quantity, 0n);
      const mlAdded = sumOfColours(
        barrels.map(offerOf).map(({ mix, mlPerBarrel, quantity }) => coloursOf(mix, mlPerBarrel * quantity)),
      );
      const changes = {
        [GOLD]: -goldPaid,
        ...Object.fromEntries(COLOURS.map((colour) => [mlAsset(colour), mlAdded[colour]])),
        [FREE_ML]: -totalMl(mlAdded),
      };
      const description = `bought ${totalMl(mlAdded)} ml`;
      const delivery = { shopId, kind: 'barrels', id: orderId, changes, description } as const;
      return { booking: await book(ledger, delivery, call.ledgerOptions()), goldPaid, mlAdded };
    },
  };
}

function offerOf({ mix, ...barrels }: Barrels): Offer {
  return { ...barrels, mix: present(mix) };
}
