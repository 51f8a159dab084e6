import type { LedgerUnderTest } from './ledger-under-test';

/** What went wrong in the servers, but for lost races: those belong to several servers on one database. */
export function unforeseenFaults({ servers }: LedgerUnderTest): unknown[] {
  return servers.flatMap(({ faults }) => faults).filter((fault) => !isLostRace(fault));
}

function isLostRace(fault: unknown): boolean {
  const { error } = fault as { readonly error?: unknown };
  return error instanceof Error && error.name === 'LostRace';
}
