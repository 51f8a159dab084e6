import type { Weekday } from '@ledger/proto/cauldrons/v1/cauldrons_service';

const WEEKDAYS = ['Edgeday', 'Bloomday', 'Aracanaday', 'Hearthday', 'Crownday', 'Blesseday', 'Soulday'];

/** Which day of the week a day is, and its name. */
export function weekdayOf(day: number): { readonly weekday: Weekday; readonly name: string } {
  const index = day % WEEKDAYS.length;
  // The enum begins with the unspecified one.
  return { weekday: index + 1, name: WEEKDAYS[index] ?? '' };
}
