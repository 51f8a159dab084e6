import { scaleOf } from '../scale';
import { UsageError } from './usage-error';

const INTEGER = /^[+-]?[0-9]+$/;
const DECIMAL = /^(?<whole>[+-]?[0-9]+)(?:\.(?<decimals>[0-9]+))?$/;
const INT64_MAX = 2n ** 63n - 1n;

/**
 * An amount of an asset, in its smallest unit. People write whole units: `2` and `2.00` of `USD/2` are both 200 cents.
 * More decimal places than the asset has are refused, also zeros: `2.000` is two thousand in half of the world. With
 * `minor` the text counts the smallest unit itself, and has no decimal point.
 *
 * @throws {UsageError}
 */
export function parseAmount(text: string, asset: string, minor: boolean): bigint {
  if (minor) return within64Bits(parseInteger(text, 'amount'), text);
  const scale = scaleOf(asset);
  const { whole, decimals = '' } = DECIMAL.exec(text)?.groups ?? {};
  if (whole === undefined) {
    throw new UsageError(`amount ${text}: a number of ${asset} is needed, such as ${exampleOf(scale)}`);
  }
  if (decimals.length > scale) {
    const places = scale === 0 ? 'no decimal places' : `${scale} decimal places`;
    throw new UsageError(`amount ${text}: ${asset} has ${places}`);
  }
  return within64Bits(BigInt(unsigned(whole) + decimals.padEnd(scale, '0')), text);
}

/** @throws {UsageError} when the text is not an integer in decimal digits */
export function parseInteger(text: string, what: string): bigint {
  if (INTEGER.test(text)) return BigInt(unsigned(text));
  throw new UsageError(`${what} ${text}: an integer is needed`);
}

function exampleOf(scale: number): string {
  return scale === 0 ? '12' : `12.${'34'.padEnd(scale, '0').slice(0, scale)}`;
}

function within64Bits(amount: bigint, text: string): bigint {
  if (amount <= INT64_MAX && amount >= -INT64_MAX) return amount;
  throw new UsageError(`amount ${text}: it is beyond ${INT64_MAX} of the smallest unit`);
}

function unsigned(text: string): string {
  return text.replace(/^\+/, '');
}
