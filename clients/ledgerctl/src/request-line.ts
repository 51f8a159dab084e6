/** The program's name, as it is typed. */
export const PROGRAM_NAME = 'ledgerctl';

const SAFE = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** A line for a POSIX shell that runs the program with these arguments. */
export function commandLine(args: readonly string[]): string {
  return [PROGRAM_NAME, ...args].map(quote).join(' ');
}

/**
 * The line that sends a write once more: the same words, the same ledger whatever the context is by then, and the
 * request id that it had.
 */
export function retryLine(args: readonly string[], address: string, requestId: string): string {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const words = args.slice(0, end);
  const missing = [
    ...(hasOption(words, '--address') ? [] : ['--address', address]),
    ...(hasOption(words, '--request-id') ? [] : ['--request-id', requestId]),
  ];
  return commandLine([...words, ...missing, ...args.slice(end)]);
}

function hasOption(words: readonly string[], name: string): boolean {
  return words.some((word) => word === name || word.startsWith(`${name}=`));
}

function quote(word: string): string {
  return SAFE.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
