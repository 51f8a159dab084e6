/** A server or a program that could not do its work; the message says why and what to do, and needs no stack. */
export class StartError extends Error {
  override readonly name: string = 'StartError';
}
