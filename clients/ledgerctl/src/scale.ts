const SCALE = /\/(?<scale>[1-9][0-9]?)$/;

/** How many decimal places a whole unit of the asset has: 2 for `USD/2`, none for `GOLD`. */
export function scaleOf(asset: string): number {
  return Number(SCALE.exec(asset)?.groups?.['scale'] ?? 0);
}
