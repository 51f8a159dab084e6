import type { World } from './write-of-draft';

/** 2096, which no test lives to see. */
const FAR_FUTURE = { seconds: 4_000_000_000n, nanos: 0 };

/** A world with names of its own, since the runs of a test share a database. */
export function worldOf(run: string): World {
  return {
    users: ['u0', 'u1', 'u2'].map((name) => `${run}.${name}`),
    assets: ['GOLD', 'PEEP'].map((name) => `${name}:${run}`),
    grantedAsset: `TICKET:${run}`,
    items: ['i0', 'i1'].map((name) => `${run}.${name}`),
    prefix: `${run}.`,
    expiry: () => FAR_FUTURE,
  };
}
