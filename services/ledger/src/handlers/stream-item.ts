import { invalidFields, type CallError } from '@ledger/kit/rpc/call-error';
import type { CallLog } from '@ledger/kit/rpc/call-log';
import type { CallResult } from '@ledger/kit/rpc/call-result';
import { resultOfError } from '@ledger/kit/rpc/error-policy';
import { decodeRequest, type CallContext } from '@ledger/kit/rpc/incoming-call';
import { codeName, millisecondsSince, requestIdOf } from '@ledger/kit/rpc/unary';
import { wireCheck, type WireCheck } from '@ledger/kit/rpc/wire-check';
import type { Duration } from '@ledger/proto/google/protobuf/duration';
import type { GroupCommit } from '../engine/group-commit';
import { WRITE_MAX_BYTES } from '../mapping/batch-request';
import { ledgerErrors } from '../mapping/ledger-errors';
import { encodeStreamResult, readStreamItem, type StreamItem } from '../mapping/stream-items';
import type { WriteMapping } from '../mapping/write-mapping';
import { toValidCommand } from '../mapping/writes';

/** Before the bytes of a write are decoded, as its own rpc does it. */
const checks = new Map<WriteMapping, WireCheck>();

/** Carries the items of one stream out, each as its own rpc would. */
export class StreamItems {
  constructor(
    private readonly commit: GroupCommit,
    private readonly log: CallLog,
    private readonly context: CallContext,
  ) {}

  /**
   * Puts an item into the queue before it returns. Resolves to its result as a part of a response, whatever becomes of it.
   *
   * @param readAt when its timeout began, in milliseconds since 1970
   */
  async run(bytes: Uint8Array, readAt: number): Promise<Buffer> {
    const started = performance.now();
    const item = readStreamItem(bytes);
    const named: { requestId?: string | undefined } = {};
    const result = await this.resultOf(item, readAt, named);
    // Those that succeeded are told by the line of the stream, unless each is asked for.
    if (result.code !== 0 || this.log.detailed) this.tell(item, named.requestId, result, started);
    return encodeStreamResult(item, result);
  }

  private async resultOf(
    item: StreamItem,
    readAt: number,
    named: { requestId?: string | undefined },
  ): Promise<CallResult> {
    try {
      const { mapping, bytes } = writeOf(item);
      const { peer, isCancelled } = this.context;
      const deadline = Math.min(this.context.deadline, deadlineOf(item.timeout, readAt));
      const limit = { peer, requestBytes: bytes.length, deadline, isCancelled };
      this.commit.admit(limit);
      const request = decodeRequest((reader) => mapping.request.decode(reader), bytes, checkOf(mapping));
      named.requestId = requestIdOf(request);
      return await this.commit.submit(toValidCommand(mapping, request), limit);
    } catch (error) {
      return resultOfError(error, ledgerErrors, this.log);
    }
  }

  private tell(
    { write }: StreamItem,
    requestId: string | undefined,
    { code, reason, batchSize, replayed }: CallResult,
    started: number,
  ): void {
    this.log.call({
      method: write?.mapping.path ?? 'ledger.v1.LedgerService/WriteStream',
      code: codeName(code),
      reason: reason === '' ? undefined : reason,
      requestId,
      durationMs: millisecondsSince(started),
      batchSize,
      replayed: replayed ? true : undefined,
      peer: this.context.peer,
    });
  }
}

/** @throws CallError INVALID_FIELD when there is none that can be read */
function writeOf({ write, isMalformed }: StreamItem): NonNullable<StreamItem['write']> {
  if (isMalformed) throw invalid('', 'the item cannot be read');
  if (write === null) throw invalid('write', 'is required');
  if (write.bytes.length > WRITE_MAX_BYTES) throw invalid('write', `must be up to ${WRITE_MAX_BYTES} bytes`);
  return write;
}

/** @throws CallError INVALID_FIELD when it is negative */
function deadlineOf(timeout: Duration | undefined, readAt: number): number {
  if (timeout === undefined) return Infinity;
  const { seconds, nanos } = timeout;
  if (seconds < 0n || nanos < 0) throw invalid('timeout', 'must not be negative');
  return readAt + Number(seconds) * 1_000 + nanos / 1_000_000;
}

function invalid(field: string, description: string): CallError {
  return invalidFields([{ field, description }], (violation) =>
    `${violation.field} ${violation.description}`.trimStart(),
  );
}

function checkOf(mapping: WriteMapping): WireCheck {
  const known = checks.get(mapping);
  if (known !== undefined) return known;
  const check = wireCheck(`/${mapping.path}`);
  checks.set(mapping, check);
  return check;
}
