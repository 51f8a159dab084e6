import { parseAmount, parseInteger } from './amount';

it.each<[text: string, asset: string, amount: bigint]>([
  ['100', 'GOLD', 100n],
  ['2', 'USD/2', 200n],
  ['2.00', 'USD/2', 200n],
  ['2.5', 'USD/2', 250n],
  ['12.34', 'USD/2', 1234n],
  ['0.05', 'USD/2', 5n],
  ['-12.34', 'USD/2', -1234n],
  ['-0.05', 'USD/2', -5n],
  ['+7', 'GOLD', 7n],
  ['7', 'GOLD/0', 7n],
  ['1.000000000000000001', 'ETH/18', 1_000_000_000_000_000_001n],
  ['92233720368547758.07', 'USD/2', 2n ** 63n - 1n],
])('%s %s is exactly %s of the smallest unit', (text, asset, amount) => {
  expect(parseAmount(text, asset, false)).toBe(amount);
});

it.each([
  ['12.340', 'USD/2'],
  ['2.000', 'USD/2'],
  ['1.234', 'USD/2'],
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
  ['92233720368547758.08', 'USD/2'],
  ['92233720368547758070', 'USD/2'],
])('"%s" %s is refused', (text, asset) => {
  expect(() => parseAmount(text, asset, false)).toThrow(/^amount /);
});

it('counts the smallest unit with --minor, and takes no decimal point then', () => {
  expect(parseAmount('2', 'USD/2', true)).toBe(2n);
  expect(parseAmount('2', 'GOLD', true)).toBe(2n);
  expect(() => parseAmount('2.00', 'USD/2', true)).toThrow(/^amount 2\.00: an integer is needed/);
});

it('names the value that is not an integer', () => {
  expect(() => parseInteger('two', 'quantity')).toThrow('quantity two: an integer is needed');
});
