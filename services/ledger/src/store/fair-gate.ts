import { CallError } from '@ledger/kit/rpc/call-error';

/** The kinds of reads that share connections. */
export const READ_KINDS = ['point', 'list', 'history', 'balances', 'watch'] as const;
export type ReadKind = (typeof READ_KINDS)[number];

/** How many places a gate has. */
export interface GateSettings {
  readonly places: number;
  /** The most that may wait for one. */
  readonly waitersMax: number;
}

interface Waiter {
  readonly enter: () => void;
}

/**
 * Lets as many in as there are places. Each kind has some of them for itself, so that one kind which does not come to an
 * end, because somebody has locked a table, holds up only itself. What becomes free goes to the kind that has least.
 */
export class FairGate {
  private readonly inside = new Map<ReadKind, number>(READ_KINDS.map((kind) => [kind, 0]));
  private readonly waiting = new Map<ReadKind, Waiter[]>(READ_KINDS.map((kind) => [kind, []]));
  private readonly share: number;
  private waiters = 0;

  constructor(private readonly settings: GateSettings) {
    this.share = Math.floor(settings.places / (2 * READ_KINDS.length)) || (isRoomForAll(settings) ? 1 : 0);
  }

  /**
   * Resolves when there is a place; the result gives it back.
   *
   * @param withinMs how long the caller waits at most
   * @throws CallError OVERLOADED when too many wait, NOT_STARTED when the time is over
   */
  async enter(kind: ReadKind, withinMs: number): Promise<() => void> {
    if (!this.hasPlace(kind)) await this.wait(kind, withinMs);
    else this.count(kind, 1);
    return () => {
      this.count(kind, -1);
      this.admit();
    };
  }

  private wait(kind: ReadKind, withinMs: number): Promise<void> {
    const { waitersMax } = this.settings;
    if (this.waiters >= waitersMax) {
      const limit = waitersMax.toString();
      throw new CallError('OVERLOADED', `${limit} reads are waiting`, { metadata: { limit } });
    }
    return new Promise((resolve, reject) => {
      const queue = this.waiting.get(kind) ?? [];
      const waiter: Waiter = {
        enter: () => {
          clearTimeout(late);
          this.waiters -= 1;
          this.count(kind, 1);
          resolve();
        },
      };
      const late = setTimeout(() => {
        queue.splice(queue.indexOf(waiter), 1);
        this.waiters -= 1;
        reject(new CallError('NOT_STARTED', 'the deadline passed while the read waited'));
      }, withinMs);
      this.waiters += 1;
      queue.push(waiter);
    });
  }

  private admit(): void {
    const kinds = [...READ_KINDS].sort((a, b) => this.countOf(a) - this.countOf(b));
    for (const kind of kinds) {
      if (!this.hasPlace(kind)) continue;
      this.waiting.get(kind)?.shift()?.enter();
    }
  }

  /** Whether this kind may have one more: of its own places, or of those that no other kind has for itself. */
  private hasPlace(kind: ReadKind): boolean {
    const own = this.countOf(kind);
    if (own < this.share) return true;
    let used = own;
    for (const other of READ_KINDS) if (other !== kind) used += Math.max(this.share, this.countOf(other));
    return used < this.settings.places;
  }

  private countOf(kind: ReadKind): number {
    return this.inside.get(kind) ?? 0;
  }

  private count(kind: ReadKind, change: number): void {
    this.inside.set(kind, this.countOf(kind) + change);
  }
}

function isRoomForAll({ places }: GateSettings): boolean {
  return places > READ_KINDS.length;
}
