import {
  VerifyLedgerRequest,
  VerifyLedgerResponse,
  type VerifyProgress,
  type VerifyReport,
} from '@ledger/proto/ledger/v1/ledger_service';
import { CallError } from '@ledger/kit/rpc/call-error';
import type { Store } from '../store/store';
import type { LedgerReader } from '../verify/ledger-reader';
import { runVerification, type VerificationReport } from '../verify/run-verification';
import { bytesOf } from '../mapping/messages';
import { statedOutcome } from '../mapping/stated-outcome';
import type { CallContext } from '@ledger/kit/rpc/incoming-call';
import type { ServerStreamMethod } from '@ledger/kit/rpc/server-stream';
import type { Reason } from '../mapping/status';
import { RequestValidator } from '../mapping/validator';

const PROGRESS_INTERVAL_MS = 250;

/** VerifyLedger: progress messages, then the report. It reads the whole ledger, so only a few run at the same time. */
export function verifyLedger(
  store: Store,
  verificationsMax: number,
): ServerStreamMethod<VerifyLedgerRequest> {
  let running = 0;
  return {
    path: 'ledger.v1.LedgerService/VerifyLedger',
    decode: (bytes) => VerifyLedgerRequest.decode(bytes),
    run: async function* (request, context) {
      if (running >= verificationsMax) throw tooMany(verificationsMax);
      running += 1;
      try {
        yield* answers(store, request, context);
      } finally {
        running -= 1;
      }
    },
  };
}

function tooMany(verificationsMax: number): CallError<Reason> {
  const limit = verificationsMax.toString();
  return new CallError('OVERLOADED', `${limit} verifications are running`, { metadata: { limit } });
}

async function* answers(
  store: Store,
  request: VerifyLedgerRequest,
  { signal, deadline }: CallContext,
): AsyncGenerator<Buffer> {
  const { userId } = verifyQuery(request);
  // Each short read takes a connection and gives it back.
  const read: LedgerReader = (work) => {
    signal.throwIfAborted();
    return store.readForVerification(work, deadline);
  };
  const verification = runVerification(read, store.placement, statedOutcome, userId);
  let nextProgress = 0;
  for (;;) {
    const { done, value } = await verification.next();
    if (done === true) {
      yield encoded({ $case: 'report', value: reportMessage(value) });
      return;
    }
    if (performance.now() < nextProgress) continue;
    nextProgress = performance.now() + PROGRESS_INTERVAL_MS;
    const progress: VerifyProgress = value;
    yield encoded({ $case: 'progress', value: progress });
  }
}

/** Whose accounts; empty: all. Throws INVALID_FIELD that names every invalid field. */
export function verifyQuery(request: VerifyLedgerRequest): { userId: string } {
  const validator = new RequestValidator();
  const userId = request.userId === '' ? '' : validator.accountUserId('user_id', request.userId);
  validator.throwIfInvalid();
  return { userId };
}

function encoded(result: VerifyLedgerResponse['result']): Buffer {
  return bytesOf(VerifyLedgerResponse.encode({ result }));
}

function reportMessage({
  accountsChecked,
  entriesChecked,
  violations,
  truncated,
}: VerificationReport): VerifyReport {
  return {
    valid: violations.length === 0,
    accountsChecked,
    entriesChecked,
    violations: violations.map((violation) => ({ ...violation })),
    violationsTruncated: truncated,
  };
}
