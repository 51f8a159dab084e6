/** The name of the program in a shell. */
export const PROGRAM_NAME = 'ledgerctl';

const SAFE = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** The line that runs the program with these arguments in a POSIX shell. */
export function commandLine(args: readonly string[]): string {
  return [PROGRAM_NAME, ...args].map(quote).join(' ');
}

/**
 * The line that sends a write again: the same arguments with the address and the request id of the first time, so that
 * it does not depend on the context in use.
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
