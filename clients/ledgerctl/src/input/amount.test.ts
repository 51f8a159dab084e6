import { parseAmount, parseInteger } from './amount';

it.each<[text: string, asset: string, amount: bigint]>([
  ['100', 'GOLD', 100n],
  ['1234', 'USD/2', 1234n],
  ['12.34', 'USD/2', 1234n],
  ['0.05', 'USD/2', 5n],
  ['-12.34', 'USD/2', -1234n],
  ['+7', 'GOLD', 7n],
  ['1.000000000000000001', 'ETH/18', 1_000_000_000_000_000_001n],
  ['92233720368547758.07', 'USD/2', 2n ** 63n - 1n],
])('%s %s is exactly %s', (text, asset, amount) => {
  expect(parseAmount(text, asset)).toBe(amount);
});

it.each([
  ['12.3', 'USD/2'],
  ['12.340', 'USD/2'],
  ['5.0', 'GOLD'],
  ['5.0', 'GOLD/0'],
  ['5.00', 'USD/02'],
  ['12,34', 'USD/2'],
  ['.34', 'USD/2'],
  ['12.', 'USD/2'],
  ['1e3', 'GOLD'],
  ['0x10', 'GOLD'],
  ['1_000', 'GOLD'],
  ['', 'GOLD'],
  [' 1', 'GOLD'],
])('"%s" %s is an error, because a digit would be guessed', (text, asset) => {
  expect(() => parseAmount(text, asset)).toThrow(/^amount /);
});

it('names the value that is not an integer', () => {
  expect(() => parseInteger('two', 'quantity')).toThrow('quantity two: an integer is needed');
});
