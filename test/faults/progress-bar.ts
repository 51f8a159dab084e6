/** The stream that progress is written to. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const BAR_WIDTH = 30;

/** On a terminal, one line that is overwritten; elsewhere, one plain line per label. */
export class ProgressBar {
  #label = '';
  #drawn = '';

  constructor(private readonly terminal: Terminal) {}

  /**
   * @param detail shown on a terminal only
   * @param done from 0 to 1
   */
  show(label: string, detail: string, done: number): void {
    if (this.terminal.isTTY !== true) {
      if (label !== this.#label) this.terminal.write(`${label}\n`);
      this.#label = label;
      return;
    }
    const filled = Math.round(done * BAR_WIDTH);
    const bar = '#'.repeat(filled).padEnd(BAR_WIDTH, '.');
    const line = `[${bar}] ${label}, ${detail}`.slice(0, (this.terminal.columns ?? 80) - 1);
    if (line === this.#drawn) return;
    this.#drawn = line;
    this.terminal.write(`\r\x1b[K${line}`);
  }

  /** Erases the line, so that other output can follow. */
  clear(): void {
    if (this.terminal.isTTY === true) this.terminal.write('\r\x1b[K');
    this.#drawn = '';
  }
}
