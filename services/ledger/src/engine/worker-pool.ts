import type { BatchRunner } from './batch-runner';

/** Connections that work side by side, each on one thing at a time. */
export class Crew {
  private readonly idle: BatchRunner[];
  private readonly working = new Set<Promise<void>>();

  /**
   * @param next begins the next piece of work, or says with null that there is none for this connection. Whoever adds
   *   work wakes the crew: a connection that was told null does not ask again by itself.
   */
  constructor(
    private readonly runners: readonly BatchRunner[],
    private readonly next: (runner: BatchRunner) => Promise<void> | null,
  ) {
    this.idle = [...runners];
  }

  get hasIdle(): boolean {
    return this.idle.length > 0;
  }

  /** How many are at work. */
  get atWork(): number {
    return this.runners.length - this.idle.length;
  }

  /**
   * Puts one that is idle to work, when there is one.
   *
   * @param start what it waits for before it asks for its first piece
   */
  wake(start?: Promise<void>): void {
    const runner = this.idle.pop();
    if (runner === undefined) return;
    const work = this.work(runner, start);
    this.working.add(work);
    void work.then(() => this.working.delete(work));
  }

  /** Resolves when all are idle. */
  async rest(): Promise<void> {
    while (this.working.size > 0) await Promise.all(this.working);
  }

  private async work(runner: BatchRunner, start?: Promise<void>): Promise<void> {
    if (start !== undefined) await start;
    for (let piece = this.next(runner); piece !== null; piece = this.next(runner)) await piece;
    // In the same moment in which it was told that there is nothing: who adds work from now on finds it idle.
    this.idle.push(runner);
  }
}
