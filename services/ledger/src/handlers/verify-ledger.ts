import {
  VerifyLedgerRequest,
  VerifyLedgerResponse,
  type VerifyProgress,
  type VerifyReport,
} from '@ledger/proto/ledger/v1/ledger_service';
import type { Store } from '../store/store';
import type { LedgerReader } from '../verify/ledger-reader';
import { runVerification, type VerificationReport } from '../verify/run-verification';
import { bytesOf } from '../mapping/messages';
import type { CallContext } from '@ledger/kit/rpc/incoming-call';
import type { ServerStreamMethod } from '@ledger/kit/rpc/server-stream';
import { RequestValidator } from '../mapping/validator';

const PROGRESS_INTERVAL_MS = 250;

/** VerifyLedger: progress messages, then the report. */
export function verifyLedger(store: Store): ServerStreamMethod<VerifyLedgerRequest> {
  return {
    path: 'ledger.v1.LedgerService/VerifyLedger',
    decode: (bytes) => VerifyLedgerRequest.decode(bytes),
    run: (request, context) => answers(store, request, context),
  };
}

async function* answers(
  store: Store,
  request: VerifyLedgerRequest,
  { signal, deadline }: CallContext,
): AsyncGenerator<Buffer> {
  const { userId } = verifyQuery(request);
  // Each short read takes a connection and gives it back, so that other reads run in between.
  const read: LedgerReader = (work) => {
    signal.throwIfAborted();
    return store.read(work, deadline);
  };
  const verification = runVerification(read, userId);
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
