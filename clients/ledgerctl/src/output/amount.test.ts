import { parseAmount } from '../input/amount';
import { formatAmount } from './amount';

it.each<[units: string, asset: string, shown: string]>([
  ['200', 'USD/2', '2.00'],
  ['5', 'USD/2', '0.05'],
  ['-5', 'USD/2', '-0.05'],
  ['0', 'USD/2', '0.00'],
  ['1234', 'GOLD', '1234'],
  ['1234', 'GOLD/0', '1234'],
  ['1000000000000000001', 'ETH/18', '1.000000000000000001'],
  ['-9223372036854775807', 'USD/2', '-92233720368547758.07'],
])('%s of %s is shown as %s, and read back as the same', (units, asset, shown) => {
  expect(formatAmount(units, asset, false)).toBe(shown);
  expect(parseAmount(shown, asset, false)).toBe(BigInt(units));
  expect(formatAmount(units, asset, true)).toBe(units);
  expect(parseAmount(units, asset, true)).toBe(BigInt(units));
});
