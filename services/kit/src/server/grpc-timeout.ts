const MS_PER_UNIT: Readonly<Record<string, number>> = {
  ...{ H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 },
};
/** A caller's timer ends a little before the time that it has given, since its call was on the way. */
const SLACK = 0.9;

/**
 * How many milliseconds after its beginning a call is over for its caller, who may cancel it then.
 *
 * @param timeout the header `grpc-timeout`, up to eight digits and a unit
 * @returns Infinity without one
 */
export function patienceMs(timeout: string | string[] | undefined): number {
  if (typeof timeout !== 'string') return Infinity;
  const [, digits, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(timeout) ?? [];
  return digits === undefined ? Infinity : Number(digits) * (MS_PER_UNIT[unit] ?? Infinity) * SLACK;
}
