import { sqlState } from '../postgres/sql-state';

/** How long faults that are like one that was logged are only counted. */
const WINDOW_MS = 5_000;

/** How many different faults are told apart at a time; what differs from all of them shares one count. */
const KINDS_MAX = 100;

/** Writes a line; `count` is how many like it came since the last one. */
export type WriteFault = (error: unknown, count: number) => void;

interface Counted {
  count: number;
  last: unknown;
  readonly write: WriteFault;
}

/**
 * Keeps one error that fails many calls from filling the log. The first of its kind is written at once; those that
 * follow are counted, and one line tells of them when the window ends.
 */
export class RepeatedFaults {
  private readonly kinds = new Map<string, Counted>();

  /** @param after runs the callback after so many milliseconds */
  constructor(private readonly after: (ms: number, callback: () => void) => void = unheldTimeout) {}

  /**
   * Takes a fault in.
   *
   * @param what what failed; faults with other words are of other kinds
   */
  add(what: string, error: unknown, write: WriteFault): void {
    const named = kindOf(what, error);
    const kind = this.kinds.has(named) || this.kinds.size < KINDS_MAX ? named : '';
    const known = this.kinds.get(kind);
    if (known !== undefined) {
      known.count += 1;
      known.last = error;
      return;
    }
    this.kinds.set(kind, { count: 0, last: error, write });
    write(error, 1);
    this.after(WINDOW_MS, () => {
      this.tell(kind);
    });
  }

  /** Writes what was only counted so far. */
  flush(): void {
    for (const [kind] of this.kinds) this.tell(kind);
  }

  private tell(kind: string): void {
    const known = this.kinds.get(kind);
    this.kinds.delete(kind);
    if (known !== undefined && known.count > 0) known.write(known.last, known.count);
  }
}

function kindOf(what: string, error: unknown): string {
  if (!(error instanceof Error)) return `${what}\0${String(error)}`;
  // What the database says may name a row: its state is what the errors have in common.
  return [what, error.name, sqlState(error) ?? error.message].join('\0');
}

function unheldTimeout(ms: number, callback: () => void): void {
  setTimeout(callback, ms).unref();
}
