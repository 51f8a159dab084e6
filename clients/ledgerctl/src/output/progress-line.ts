import type { VerifyProgress } from '@ledger/client';
import type { Output } from '../command-context';
import { clearBar, showBar } from './progress-bar';

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
    const share = accountsTotal === 0n ? 1 : Number(accountsChecked) / Number(accountsTotal);
    showBar(this.output, share, text);
  }

  /** Removes the bar, so that output can follow. */
  clear(): void {
    if (this.output.isTTY === true) clearBar(this.output);
  }
}
