/** Numbers from a seed: the same seed gives the same run. */
export type Random = () => number;

/** Mulberry32: small, fast and even enough to choose users. Numbers from 0 up to, not including, 1. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** Which users are chosen: all alike, Zipf with exponent 1, or always the same one. */
export type Distribution = 'uniform' | 'zipf' | 'hot';

/** Prime, so that it shares no factor with a round number of users: it scatters the ranks of Zipf over them. */
const SCATTER = 7_919;

/** Chooses numbers of users, from 0 up to the count. */
export function chooser(distribution: Distribution, users: number, random: Random): () => number {
  switch (distribution) {
    case 'hot':
      return () => 0;
    case 'uniform':
      return () => Math.floor(random() * users);
    case 'zipf': {
      const cumulative = new Float64Array(users);
      let sum = 0;
      for (let rank = 0; rank < users; rank += 1) cumulative[rank] = sum += 1 / (rank + 1);
      return () => (firstAbove(cumulative, random() * sum) * SCATTER) % users;
    }
  }
}

/** The index of the first value that is greater. */
function firstAbove(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
