import { UsageError } from './usage-error';

const INTEGER = /^[+-]?[0-9]+$/;
const DECIMAL = /^[+-]?[0-9]+\.(?<decimals>[0-9]+)$/;
const SCALE = /\/(?<scale>[1-9][0-9]?)$/;

/**
 * An amount of an asset, in its smallest unit: `1234`, or `12.34` of an asset of two decimal places such as `USD/2`.
 * A decimal point needs exactly as many places as the asset has, so that no digit is guessed: `12.3 USD/2` is an error.
 *
 * @throws {UsageError}
 */
export function parseAmount(text: string, asset: string): bigint {
  const decimals = DECIMAL.exec(text)?.groups?.['decimals'];
  if (decimals === undefined) return parseInteger(text, 'amount');
  const scale = Number(SCALE.exec(asset)?.groups?.['scale'] ?? 0);
  if (decimals.length === scale) return BigInt(unsigned(text.replace('.', '')));
  const places = scale === 0 ? 'no decimal places' : `exactly ${scale} decimal places`;
  throw new UsageError(`amount ${text}: ${asset} has ${places}; an integer counts its smallest unit`);
}

/** @throws {UsageError} when the text is not an integer in decimal digits */
export function parseInteger(text: string, what: string): bigint {
  if (INTEGER.test(text)) return BigInt(unsigned(text));
  throw new UsageError(`${what} ${text}: an integer is needed`);
}

function unsigned(text: string): string {
  return text.replace(/^\+/, '');
}
