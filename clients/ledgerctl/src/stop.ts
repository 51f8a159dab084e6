import { EXIT, type ExitCode } from './exit-codes';

/** Why the program ends before its work is done: the reason of the abort. */
export class Stop extends Error {
  override readonly name = 'Stop';

  constructor(readonly exitCode: ExitCode) {
    super('stopped');
  }
}

/** Why the program was stopped; undefined when it was not. */
export function stopOf({ aborted, reason }: AbortSignal): Stop | undefined {
  return aborted && reason instanceof Stop ? reason : undefined;
}

/** Whether the program stopped because nobody reads its output any more. */
export function isReaderGone(signal: AbortSignal): boolean {
  return stopOf(signal)?.exitCode === EXIT.ok;
}
