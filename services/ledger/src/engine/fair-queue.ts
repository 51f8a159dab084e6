/** What one caller has waiting. */
interface Flow<T> {
  readonly caller: string;
  /** Oldest first, from `from` on: the places before that are empty. */
  items: (Waiting<T> | undefined)[];
  from: number;
  /** What it may still take in its turn. */
  deficit: number;
  /** Its turn has begun. */
  isAtTurn: boolean;
}

interface Waiting<T> {
  readonly item: T;
  readonly cost: number;
}

/** Places before `from` that are kept until they are many: moving the rest for each would cost more. */
const GAP_MAX = 1_024;

/**
 * A queue in which callers take turns, so that whoever has much waiting makes only itself wait: deficit round robin
 * (Shreedhar and Varghese, 1995). In each round a caller may take items of a `quantum` of cost; what it leaves of that
 * because its next item costs more is kept for the next round. What nobody else asks for is anybody's. Adding and taking
 * cost the same however many wait.
 */
export class FairQueue<T> {
  private readonly flows = new Map<string, Flow<T>>();
  /** Those that have something waiting, in the order of their turns. */
  private readonly turns = new Map<Flow<T>, true>();
  private count = 0;

  constructor(private readonly quantum: number) {}

  /** How many items wait. */
  get length(): number {
    return this.count;
  }

  /** How many callers have something waiting. */
  get callers(): number {
    return this.flows.size;
  }

  /** How many items of a caller wait. */
  lengthOf(caller: string): number {
    const flow = this.flows.get(caller);
    return flow === undefined ? 0 : lengthOf(flow);
  }

  /** @param cost what the item takes of its caller's turn, at least 1 */
  push(caller: string, item: T, cost = 1): void {
    let flow = this.flows.get(caller);
    if (flow === undefined) {
      flow = { caller, items: [], from: 0, deficit: 0, isAtTurn: false };
      this.flows.set(caller, flow);
      this.turns.set(flow, true);
    }
    flow.items.push({ item, cost });
    this.count += 1;
  }

  /**
   * Takes the next item, of whichever caller has its turn. undefined: nothing waits.
   *
   * @param newest of its caller's items the one that came last; else the one that waits longest
   */
  take(newest = false): T | undefined {
    for (;;) {
      const [flow] = this.turns.keys();
      if (flow === undefined) return undefined;
      if (!flow.isAtTurn) flow.deficit += this.quantum;
      flow.isAtTurn = true;
      const next = newest ? flow.items.at(-1) : flow.items[flow.from];
      if (next !== undefined && flow.deficit >= next.cost) {
        flow.deficit -= next.cost;
        this.remove(flow, newest);
        return next.item;
      }
      flow.isAtTurn = false;
      this.turns.delete(flow);
      this.turns.set(flow, true);
    }
  }

  /** The caller that has most waiting; its cost grows with the callers. undefined: nothing waits. */
  longest(): string | undefined {
    let longest: Flow<T> | undefined;
    for (const flow of this.flows.values())
      if (longest === undefined || lengthOf(flow) > lengthOf(longest)) longest = flow;
    return longest?.caller;
  }

  /** Takes what came last of a caller. undefined: it has nothing waiting. */
  takeNewestOf(caller: string): T | undefined {
    const flow = this.flows.get(caller);
    const last = flow?.items.at(-1);
    if (flow !== undefined) this.remove(flow, true);
    return last?.item;
  }

  /** Takes what has waited longest of each caller, as long as it is to go. */
  takeOldestWhile(isToGo: (item: T) => boolean): T[] {
    const gone: T[] = [];
    for (const flow of this.flows.values()) {
      for (let first = flow.items[flow.from]; first !== undefined && isToGo(first.item);) {
        gone.push(first.item);
        this.remove(flow, false);
        first = flow.items[flow.from];
      }
    }
    return gone;
  }

  /** Takes all that are to go; its cost grows with what waits. */
  takeAll(isToGo: (item: T) => boolean): T[] {
    const gone: T[] = [];
    for (const flow of this.flows.values()) {
      const kept: Waiting<T>[] = [];
      for (const each of flow.items.slice(flow.from)) {
        if (each === undefined) continue;
        if (isToGo(each.item)) gone.push(each.item);
        else kept.push(each);
      }
      flow.items = kept;
      flow.from = 0;
      if (kept.length === 0) this.forget(flow);
    }
    this.count -= gone.length;
    return gone;
  }

  private remove(flow: Flow<T>, newest: boolean): void {
    if (newest) flow.items.pop();
    else {
      // What is taken must not stay reachable: calls that live longer than their batch cost the collector a fifth of all.
      flow.items[flow.from] = undefined;
      flow.from += 1;
    }
    this.count -= 1;
    if (lengthOf(flow) === 0) {
      this.forget(flow);
    } else if (flow.from > GAP_MAX && flow.from * 2 > flow.items.length) {
      flow.items.splice(0, flow.from);
      flow.from = 0;
    }
  }

  /** A caller that has nothing waiting keeps no claim. */
  private forget(flow: Flow<T>): void {
    this.flows.delete(flow.caller);
    this.turns.delete(flow);
  }
}

function lengthOf({ items, from }: { readonly items: readonly unknown[]; readonly from: number }): number {
  return items.length - from;
}
