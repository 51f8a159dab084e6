import type { Colours, Mix } from '@ledger/proto/cauldrons/v1/cauldrons_service';

/** The colours, in the order in which barrels are bought. */
export const COLOURS = ['red', 'green', 'blue', 'dark'] as const;

/** One of the four colours. */
export type Colour = (typeof COLOURS)[number];

/** The ml of each colour in this many ml of a mix. The validation rules of the contract exclude remainders. */
export function coloursOf(mix: Mix, ml: bigint): Colours {
  return byColour((colour) => (ml * mix[colour]) / 100n);
}

/** The sum for each colour. */
export function sumOfColours(parts: readonly Colours[]): Colours {
  return byColour((colour) => parts.reduce((sum, part) => sum + part[colour], 0n));
}

/** The ml of all colours. */
export function totalMl(colours: Colours): bigint {
  return COLOURS.reduce((sum, colour) => sum + colours[colour], 0n);
}

/** Whether two mixes are the same potion. */
export function isSameMix(one: Mix, other: Mix): boolean {
  return COLOURS.every((colour) => one[colour] === other[colour]);
}

/** A value for each colour. */
export function byColour(valueOf: (colour: Colour) => bigint): Colours {
  return { red: valueOf('red'), green: valueOf('green'), blue: valueOf('blue'), dark: valueOf('dark') };
}
