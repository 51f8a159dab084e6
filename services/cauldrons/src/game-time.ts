import type { Weekday } from '@ledger/proto/cauldrons/v1/cauldrons_service';

const WEEKDAYS = ['Edgeday', 'Bloomday', 'Aracanaday', 'Hearthday', 'Crownday', 'Blesseday', 'Soulday'];

/** The weekday of a day, and its name. */
export function weekdayOf(day: number): { readonly weekday: Weekday; readonly name: string } {
  const index = day % WEEKDAYS.length;
  // The enum begins with UNSPECIFIED.
  return { weekday: index + 1, name: WEEKDAYS[index] ?? '' };
}
