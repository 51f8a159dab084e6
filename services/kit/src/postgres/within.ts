/** How much longer than the server's own limit to wait for its word that the limit is reached. */
const GRACE_MS = 250;

/**
 * The result of a promise, or an error of the connection when it has none a moment after `end` (milliseconds since
 * 1970).
 *
 * @param onLate called then, before the error is thrown
 */
export async function within<T>(promise: Promise<T>, end: number, onLate: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const giveUp = (): void => {
      onLate();
      reject(new Error('Connection terminated: no answer in time'));
    };
    // A busy process first takes what has arrived meanwhile.
    timer = setTimeout(() => setImmediate(giveUp), Math.max(0, end - Date.now()) + GRACE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
