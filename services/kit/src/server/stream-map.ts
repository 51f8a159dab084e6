import { types } from 'node:util';
import { stateOf } from './http2-parts';

/**
 * Node keeps the open streams of an HTTP/2 session in a Map. V8 gives a Map that is added to and deleted from a new
 * table again and again, and links each old table to the next. Once one of these tables is in V8's old generation, every
 * later table is reachable from it, and so is every call in them. Call objects that live for a millisecond are then
 * copied twice and marked before they are collected, which took a tenth of a busy server's time. This map links to
 * nothing.
 *
 * It has those methods of Map that Node uses (lib/internal/http2/core.js of Node 20 to 24).
 */
export class StreamMap<Value> {
  size = 0;

  private ids: number[] = emptyIds(MIN_SLOTS);
  private values: (Value | undefined)[] = new Array<undefined>(MIN_SLOTS).fill(undefined);

  get(id: number): Value | undefined {
    return this.values[this.slotOf(id)];
  }

  has(id: number): boolean {
    return this.ids[this.slotOf(id)] === id;
  }

  set(id: number, value: Value): this {
    let slot = this.slotOf(id);
    if (this.ids[slot] !== id) {
      if ((this.size + 1) * 2 > this.ids.length) {
        this.grow();
        slot = this.slotOf(id);
      }
      this.ids[slot] = id;
      this.size += 1;
    }
    this.values[slot] = value;
    return this;
  }

  delete(id: number): boolean {
    let hole = this.slotOf(id);
    if (this.ids[hole] !== id) return false;
    const mask = this.ids.length - 1;
    // Those behind it that had to make way for others move up, so that no search ends early.
    for (let slot = (hole + 1) & mask; this.ids[slot] !== FREE; slot = (slot + 1) & mask) {
      const home = homeOf(this.ids[slot] ?? FREE, mask);
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      this.ids[hole] = this.ids[slot] ?? FREE;
      this.values[hole] = this.values[slot];
      hole = slot;
    }
    this.ids[hole] = FREE;
    this.values[hole] = undefined;
    this.size -= 1;
    return true;
  }

  /** Calls back with each that is there now; the callback may delete any of them. */
  forEach(callback: (value: Value, id: number) => void): void {
    for (const id of this.ids.filter((each) => each !== FREE)) {
      const slot = this.slotOf(id);
      if (this.ids[slot] === id) callback(this.values[slot] as Value, id);
    }
  }

  /** Where an id is, or where it would be put. */
  private slotOf(id: number): number {
    const mask = this.ids.length - 1;
    let slot = homeOf(id, mask);
    while (this.ids[slot] !== id && this.ids[slot] !== FREE) slot = (slot + 1) & mask;
    return slot;
  }

  private grow(): void {
    const { ids, values } = this;
    this.ids = emptyIds(ids.length * 2);
    this.values = new Array<undefined>(ids.length * 2).fill(undefined);
    this.size = 0;
    ids.forEach((id, slot) => {
      if (id !== FREE) this.set(id, values[slot] as Value);
    });
  }
}

/** A power of two. */
const MIN_SLOTS = 64;
/** No stream has this id: 0 is the connection itself. */
const FREE = 0;

function emptyIds(length: number): number[] {
  return new Array<number>(length).fill(FREE);
}

/** The ids of a client's streams are odd and come one after the other. */
function homeOf(id: number, mask: number): number {
  return (id >> 1) & mask;
}

/** Returns whether it did so; a session of a Node that keeps its streams in another way is left as it is. */
export function replaceStreams(session: object): boolean {
  const state = stateOf(session);
  if (state === null || !types.isMap(state.streams) || state.streams.size > 0) return false;
  state.streams = new StreamMap();
  return true;
}
