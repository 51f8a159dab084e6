import { scaleOf } from '../scale';

/**
 * An amount of an asset as people read it, with all decimal places of the asset: `2.00` for 200 of `USD/2`. With
 * `minor` it stays an integer of the smallest unit. `parseAmount` reads either back.
 */
export function formatAmount(units: string, asset: string, minor: boolean): string {
  const scale = minor ? 0 : scaleOf(asset);
  if (scale === 0) return units;
  const sign = units.startsWith('-') ? '-' : '';
  const digits = units.slice(sign.length).padStart(scale + 1, '0');
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
