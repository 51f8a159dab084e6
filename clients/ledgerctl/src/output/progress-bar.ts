import type { Output } from '../command-context';

const BAR_WIDTH = 30;
const DEFAULT_COLUMNS = 80;

/** Overwrites the line of a terminal with a bar and a text. `share` is from 0 to 1. */
export function showBar(output: Output, share: number, text: string): void {
  const bar = '#'.repeat(Math.round(Math.min(1, share) * BAR_WIDTH)).padEnd(BAR_WIDTH, '.');
  const line = `[${bar}] ${text}`.slice(0, (output.columns ?? DEFAULT_COLUMNS) - 1);
  output.write(`\r\x1b[K${line}`);
}

/** Removes the bar, so that output can follow. */
export function clearBar(output: Output): void {
  output.write('\r\x1b[K');
}
