import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bucketOf, BUCKETS } from './bucket';
import { bucketOfId } from './transaction-id';

const { users, ids } = JSON.parse(
  readFileSync(join(__dirname, '../../../../docs/bucket-vectors.json'), 'utf8'),
) as { users: { user_id: string; bucket: number }[]; ids: { user_id: string; id: string }[] };

// Rows lie where these numbers say, and ids carry them: whoever changes one makes what is there unfindable.
describe('the published bucket', () => {
  it.each(users.map((vector) => [vector.user_id, vector.bucket] as const))(
    'of %s is ours',
    (user, bucket) => {
      expect(bucketOf(user)).toBe(bucket);
    },
  );

  it.each(ids.map((vector) => [vector.id, vector.user_id] as const))('in %s is that of %s', (id, user) => {
    expect(bucketOfId(id)).toBe(bucketOf(user));
  });
});

it('divides numbered users evenly', () => {
  const perBucket = 100;
  const counts = new Array<number>(BUCKETS).fill(0);
  for (let user = 0; user < perBucket * BUCKETS; user += 1) counts[bucketOf(`user-${user}`)]! += 1;
  expect(Math.min(...counts)).toBeGreaterThan(perBucket / 2);
  expect(Math.max(...counts)).toBeLessThan(perBucket * 2);
});
