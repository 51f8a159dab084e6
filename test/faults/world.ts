import type { World } from '../model/write-of-draft';

/** The names in which the load of a fault run happens. */
export const WORLD: World = {
  users: ['ann', 'bob', 'cas', 'dee', 'eve', 'fay', 'gus', 'hal', 'ivy', 'jon'],
  assets: ['PEEP', 'GOLD', 'USD/2'],
  grantedAsset: 'COUPON:COFFEE',
  items: ['tea', 'map', 'coffee-coupon'],
  prefix: '',
  // By the clock of this machine, which is that of its Postgres.
  expiry: (afterMs) => {
    const at = Date.now() + afterMs;
    return { seconds: BigInt(Math.floor(at / 1_000)), nanos: (at % 1_000) * 1_000_000 };
  },
};
