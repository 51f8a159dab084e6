import { CallError } from '@ledger/kit/rpc/call-error';
import type { ServerStreamMethod } from '@ledger/kit/rpc/server-stream';
import type { Reason } from '../mapping/status';

/**
 * A method of which one caller has only so many streams at the same time; the rest are refused.
 *
 * @param what the streams, for the message
 */
export function perCaller<Request>(
  method: ServerStreamMethod<Request>,
  max: number,
  what: string,
): ServerStreamMethod<Request> {
  const running = new Map<string, number>();
  return {
    ...method,
    run: async function* (request, context) {
      const { peer } = context;
      const before = running.get(peer) ?? 0;
      if (before >= max) {
        const limit = max.toString();
        throw new CallError<Reason>('OVERLOADED', `${limit} ${what} of this caller are running`, {
          metadata: { limit },
        });
      }
      running.set(peer, before + 1);
      try {
        yield* method.run(request, context);
      } finally {
        const left = (running.get(peer) ?? 1) - 1;
        if (left === 0) running.delete(peer);
        else running.set(peer, left);
      }
    },
  };
}
