import { SilenceLimit } from './silence-limit';

/** A clock on which sleepers wake when a test says so. */
class SteppedClock {
  #nowMs = 0;
  #sleepers: { untilMs: number; wake: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  deadlineIn(): number {
    return Infinity;
  }

  after(): () => void {
    return () => undefined;
  }

  sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((wake) => {
      this.#sleepers.push({ untilMs: this.#nowMs + ms, wake });
      signal?.addEventListener('abort', () => wake());
    });
  }

  async advance(ms: number): Promise<void> {
    this.#nowMs += ms;
    const due = this.#sleepers.filter(({ untilMs }) => untilMs <= this.#nowMs);
    this.#sleepers = this.#sleepers.filter((sleeper) => !due.includes(sleeper));
    for (const { wake } of due) wake();
    await new Promise(setImmediate);
  }
}

async function* items(...comings: Promise<string>[]): AsyncGenerator<string> {
  for (const coming of comings) yield await coming;
}

let clock: SteppedClock;
let silences: number[];
let limit: SilenceLimit;

beforeEach(() => {
  clock = new SteppedClock();
  silences = [];
  limit = new SilenceLimit(clock, 30, (sinceMs) => silences.push(sinceMs));
});

afterEach(() => limit.stop());

it('says since when nothing came while a reader waits', async () => {
  const reader = limit.follow(items(Promise.resolve('first'), new Promise<string>(() => undefined)));
  await reader.next();
  await clock.advance(20);
  void reader.next();
  await clock.advance(10);
  expect(silences).toEqual([]);
  await clock.advance(20);
  expect(silences).toEqual([20]);
});

it('begins anew with everything that comes', async () => {
  const coming: (() => void)[] = [];
  const next = (): Promise<string> => new Promise((resolve) => coming.push(() => resolve('')));
  const reader = limit.follow(items(next(), next(), next()));
  for (const come of coming) {
    const read = reader.next();
    await clock.advance(29);
    come();
    await read;
  }
  expect(silences).toEqual([]);
});

it('does not count the time that the reader takes itself', async () => {
  const reader = limit.follow(items(Promise.resolve('first'), Promise.resolve('second')));
  await reader.next();
  await clock.advance(1_000);
  await reader.next();
  await clock.advance(1_000);
  expect(silences).toEqual([]);
});

it('ends when it is stopped', async () => {
  const reader = limit.follow(items(new Promise<string>(() => undefined)));
  void reader.next();
  limit.stop();
  await clock.advance(1_000);
  expect(silences).toEqual([]);
});
