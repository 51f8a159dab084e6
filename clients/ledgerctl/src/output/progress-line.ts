import type { VerifyProgress } from '@ledger/client';
import type { Output } from '../command-context';

const BAR_WIDTH = 30;
const DEFAULT_COLUMNS = 80;
/** Between two lines where there is no terminal whose line can be overwritten. */
const LINE_INTERVAL_MS = 10_000;

/** Shows the progress of a verification: a bar that is overwritten on a terminal, a line now and then elsewhere. */
export class ProgressLine {
  #nextLineMs = 0;

  constructor(private readonly output: Output) {}

  show({ accountsChecked, accountsTotal, entriesChecked }: VerifyProgress): void {
    const text = `${accountsChecked} of ${accountsTotal} accounts, ${entriesChecked} entries`;
    if (this.output.isTTY !== true) {
      if (performance.now() < this.#nextLineMs) return;
      this.#nextLineMs = performance.now() + LINE_INTERVAL_MS;
      this.output.write(`${text}\n`);
      return;
    }
    // There may be more accounts by now than at the start.
    const share = accountsTotal === 0n ? 1 : Math.min(1, Number(accountsChecked) / Number(accountsTotal));
    const bar = '#'.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '.');
    const line = `[${bar}] ${text}`.slice(0, (this.output.columns ?? DEFAULT_COLUMNS) - 1);
    this.output.write(`\r\x1b[K${line}`);
  }

  /** Removes the bar, so that output can follow. */
  clear(): void {
    if (this.output.isTTY === true) this.output.write('\r\x1b[K');
  }
}
