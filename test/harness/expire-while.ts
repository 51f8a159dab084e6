import { waitUntil } from './wait-until';

const FIRST_TIMEOUT_MS = 250;
const MAX_TIMEOUT_MS = 32_000;

/**
 * Makes a call whose time runs out while it is where the test wants it, and gives the error that it ended with. How long
 * the way there takes nobody knows beforehand: when the time ran out before, the call is made again with twice as much.
 *
 * @param isThere whether the call is where its time is to run out
 * @param startOver puts everything back before the call is made again
 */
export async function expireWhile(
  isThere: () => boolean | Promise<boolean>,
  send: (timeoutMs: number) => Promise<unknown>,
  startOver: () => void | Promise<void> = () => undefined,
): Promise<unknown> {
  for (let timeoutMs = FIRST_TIMEOUT_MS; timeoutMs <= MAX_TIMEOUT_MS; timeoutMs *= 2) {
    const call = { isOver: false, wasThere: false };
    const ended = send(timeoutMs).then(
      () => {
        call.isOver = true;
        throw new Error('the call succeeded');
      },
      (error: unknown) => {
        call.isOver = true;
        return error;
      },
    );
    // It is awaited below.
    ended.catch(() => undefined);
    await waitUntil('the call gets there or ends', async () => {
      call.wasThere = (await isThere()) && !call.isOver;
      return call.wasThere || call.isOver;
    });
    const error = await ended;
    if (call.wasThere) return error;
    await startOver();
  }
  throw new Error(`the call did not get there within ${MAX_TIMEOUT_MS} ms`);
}
