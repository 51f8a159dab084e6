import { Random as Generator } from '../harness/random';

/** Pseudo-random numbers. The same seed gives the same numbers. */
export type Random = () => number;

/** Numbers in [0, 1). */
export function seeded(seed: number): Random {
  const generator = new Generator(seed);
  return () => generator.next();
}

/** How users are chosen: uniformly, by Zipf with exponent 1, or always the same one. */
export type Distribution = 'uniform' | 'zipf' | 'hot';

/** Scatters the ranks of Zipf over the users. A prime, so that it shares no factor with a round number of users. */
const SCATTER = 7_919;

/** Chooses user numbers in [0, users). */
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

/** The index of the first greater value. */
function firstAbove(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
