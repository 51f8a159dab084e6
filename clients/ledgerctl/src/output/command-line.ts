/** The name of the program in a shell. */
export const PROGRAM_NAME = 'ledgerctl';

const MS_PER_SECOND = 1_000;
const SAFE = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** The line that runs the program with these arguments in a POSIX shell. */
export function commandLine(args: readonly string[]): string {
  return [PROGRAM_NAME, ...args].map(quote).join(' ');
}

/**
 * The line that sends a write again: the same arguments with the address and the request id of the first time, so that
 * it does not depend on the context in use.
 *
 * @param timeoutMs in place of the one of the first time, which was too short
 */
export function retryLine(
  args: readonly string[],
  address: string,
  requestId: string,
  timeoutMs?: number,
): string {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const timeout = timeoutMs === undefined ? undefined : `${Math.ceil(timeoutMs / MS_PER_SECOND)}s`;
  const words = args
    .slice(0, end)
    .map((word, at, all) =>
      timeout === undefined ? word : withValue(word, all[at - 1], '--timeout', timeout),
    );
  const missing = [
    ...(hasOption(words, '--address') ? [] : ['--address', address]),
    ...(hasOption(words, '--request-id') ? [] : ['--request-id', requestId]),
    ...(timeout === undefined || hasOption(words, '--timeout') ? [] : ['--timeout', timeout]),
  ];
  return commandLine([...words, ...missing, ...args.slice(end)]);
}

function hasOption(words: readonly string[], name: string): boolean {
  return words.some((word) => word === name || word.startsWith(`${name}=`));
}

/** The word, or the new value where it is the value of the option. */
function withValue(word: string, before: string | undefined, option: string, value: string): string {
  if (before === option) return value;
  return word.startsWith(`${option}=`) ? `${option}=${value}` : word;
}

function quote(word: string): string {
  return SAFE.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
