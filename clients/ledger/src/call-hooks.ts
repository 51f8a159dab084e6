import { status } from '@grpc/grpc-js';
import type { AttemptFailure } from './attempt-failure';
import type { Clock } from './clock';
import { type ErrorReasonName, reasonOf } from './error-details';
import type { LedgerError } from './ledger-error';

/** What every observation says. */
interface Observation {
  /** The client's method. */
  readonly method: string;
  /** The write's; undefined for reads. */
  readonly requestId: string | undefined;
  /** The gRPC status code; 0: it succeeded. */
  readonly code: number;
  /** Its name, such as `OK`. */
  readonly codeName: string;
  /** Why the ledger refused, where it did. */
  readonly reason: ErrorReasonName | undefined;
  readonly durationMs: number;
}

/** An attempt that ended. Of a stream: one that was open until then. */
export interface AttemptInfo extends Observation {
  /** 1 for the first. */
  readonly attempt: number;
}

/** A call that ended. Each page of a list is a call. */
export interface ResultInfo extends Observation {
  readonly attempts: number;
  /** What the caller gets; undefined when it succeeded. */
  readonly error: LedgerError | undefined;
}

/** For logs, metrics and traces. What a hook throws becomes a warning of the process and never changes a call. */
export interface CallHooks {
  readonly onAttempt?: ((info: AttemptInfo) => void) | undefined;
  readonly onResult?: ((info: ResultInfo) => void) | undefined;
}

/** Tells the hooks of one call. */
export class CallObserver {
  readonly #startedMs: number;
  #attemptStartedMs = 0;

  constructor(
    private readonly hooks: CallHooks,
    private readonly clock: Clock,
    private readonly call: { readonly method: string; readonly requestId?: string | undefined },
  ) {
    this.#startedMs = clock.now();
  }

  attemptStarts(): void {
    this.#attemptStartedMs = this.clock.now();
  }

  attemptEnds(attempt: number, failure?: AttemptFailure): void {
    const { onAttempt } = this.hooks;
    if (onAttempt === undefined) return;
    const reason = failure && reasonOf(failure.details);
    tell(onAttempt, { ...this.#observation(this.#attemptStartedMs, failure?.code, reason), attempt });
  }

  callEnds(attempts: number, error?: LedgerError): void {
    const { onResult } = this.hooks;
    if (onResult === undefined) return;
    tell(onResult, { ...this.#observation(this.#startedMs, error?.code, error?.reason), attempts, error });
  }

  #observation(sinceMs: number, code: number = status.OK, reason: ErrorReasonName | undefined): Observation {
    const { method, requestId } = this.call;
    const codeName = status[code] ?? `CODE_${String(code)}`;
    return { method, requestId, code, codeName, reason, durationMs: this.clock.now() - sinceMs };
  }
}

function tell<Info>(hook: (info: Info) => void, info: Info): void {
  try {
    hook(info);
  } catch (error) {
    process.emitWarning(`a hook of the ledger's client failed: ${String(error)}`);
  }
}
