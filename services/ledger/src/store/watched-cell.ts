import { ChangeSignal } from './change-signal';
import { inCell } from './pg/in-cell';
import type { Connection } from './pg/connection';
import type { Store } from './store';
import { StreamLag, type StreamLagSettings } from './stream-lag';

/** What streams of entries read of one cell; shared by all of them. */
export interface WatchedCell {
  readonly cell: number;
  readonly read: <T>(work: (connection: Connection) => Promise<T>) => Promise<T>;
  readonly changes: ChangeSignal;
  readonly lag: StreamLag;
}

/** How cells are watched. */
export interface WatchSettings extends Omit<StreamLagSettings, 'store'> {
  /** How often a cell is polled for new entries while somebody watches. */
  readonly pollMs: number;
}

/** The cells of a ledger, the lowest first. */
export function watchedCells(store: Store, { pollMs, ...lag }: WatchSettings): WatchedCell[] {
  const reader = store.reader('watch');
  return store.placement.cells.map((cell) => {
    const read: WatchedCell['read'] = (work) => reader((connection) => work(inCell(connection, cell)));
    return {
      ...{ cell, read },
      changes: new ChangeSignal({ read }, pollMs),
      lag: new StreamLag({ ...lag, store: { read } }),
    };
  });
}
