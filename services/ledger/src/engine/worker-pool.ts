/** Workers that run side by side, each with a connection of its own and one piece of work at a time. */
export class WorkerPool<Runner> {
  private readonly idle: Runner[];
  private readonly working = new Set<Promise<void>>();

  /**
   * @param next starts the next piece of work, or returns null when there is none for this worker. Whoever adds work
   *   wakes the pool: a worker that got null does not ask again by itself.
   */
  constructor(
    private readonly runners: readonly Runner[],
    private readonly next: (runner: Runner) => Promise<void> | null,
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
   * Puts an idle worker to work, when there is one.
   *
   * @param start what the worker waits for before it asks for its first piece
   */
  wake(start?: Promise<void>): void {
    const runner = this.idle.pop();
    if (runner === undefined) return;
    const work = this.work(runner, start);
    this.working.add(work);
    void work.then(() => this.working.delete(work));
  }

  /** Resolves when all workers are idle. */
  async whenIdle(): Promise<void> {
    while (this.working.size > 0) await Promise.all(this.working);
  }

  private async work(runner: Runner, start?: Promise<void>): Promise<void> {
    if (start !== undefined) await start;
    for (let piece = this.next(runner); piece !== null; piece = this.next(runner)) await piece;
    // In the same turn in which it got null: whoever adds work from now on finds the worker idle.
    this.idle.push(runner);
  }
}
