import { inPortions, Portions } from './portions';

it('lets others have their turn whenever a portion has taken its time', async () => {
  let now = 0;
  const seen: string[] = [];
  const values = Array.from({ length: 12 }, (_, index) => index);
  const other = (): void => {
    seen.push('other');
    if (seen.length < 15) setImmediate(other);
  };
  setImmediate(other);
  const each = (value: number): number => {
    now += 4;
    seen.push(String(value));
    return value * 2;
  };
  expect(await inPortions(values, each, new Portions(() => now))).toEqual(values.map((value) => value * 2));
  expect(seen.slice(0, 15)).toEqual([
    ...['0', '1', '2', 'other', '3', '4', '5', 'other', '6', '7', '8', 'other', '9', '10', '11'],
  ]);
});

it('does not put off what is done within one portion', async () => {
  const seen: string[] = [];
  setImmediate(() => seen.push('other'));
  await inPortions(['a', 'b', 'c'], (value) => seen.push(value), new Portions(() => 0));
  expect(seen).toEqual(['a', 'b', 'c']);
});
