import { findBlocker, type Blocker } from './statements/find-blocker';
import { readHorizon, type Horizon } from './statements/read-horizon';
import type { Store } from './store';

/** Between two warnings about one session: whoever reads the log knows after the first one. */
const WARN_INTERVAL_MS = 60_000;

/** Streams of entries fall behind, and who is to blame. */
export interface StreamsHeldBack {
  /** How long ago the first transaction was booked that no stream may show yet. */
  readonly lagMs: number;
  /** null: its transaction ended meanwhile. */
  readonly blocker: Blocker | null;
}

/** How streams are warned about. */
export interface StreamLagSettings {
  readonly store: Pick<Store, 'read'>;
  /** A lag that is worth a warning. */
  readonly warnMs: number;
  readonly onHeldBack: (fact: StreamsHeldBack) => void;
  /** Milliseconds that only grow. */
  readonly clock?: () => number;
}

/**
 * Reads the horizon for the heartbeats of all streams. Any transaction of the cluster that has written, in whatever
 * database, holds it back until it ends; when that takes long, the log names the session, each once a minute at most.
 */
export class StreamLag {
  private reading: Promise<Horizon> | null = null;
  private warned: { readonly pid: number | null; readonly at: number } | null = null;

  constructor(private readonly settings: StreamLagSettings) {}

  /** The horizon, by a look that other streams may share. */
  read(): Promise<Horizon> {
    this.reading ??= this.readAndWarn().finally(() => {
      this.reading = null;
    });
    return this.reading;
  }

  private async readAndWarn(): Promise<Horizon> {
    const { store, warnMs, onHeldBack, clock = () => performance.now() } = this.settings;
    const horizon = await store.read(readHorizon);
    const lagMs = Number(horizon.lag / 1_000n);
    if (lagMs < warnMs) return horizon;
    const blocker = await store.read(findBlocker);
    const pid = blocker?.pid ?? null;
    const { warned } = this;
    if (warned?.pid !== pid || clock() - warned.at >= WARN_INTERVAL_MS) {
      this.warned = { pid, at: clock() };
      onHeldBack({ lagMs, blocker });
    }
    return horizon;
  }
}
