import { CallError } from '@ledger/kit/rpc/call-error';
import type { CallResult } from '@ledger/kit/rpc/call-result';
import type { UnaryMethod } from '@ledger/kit/rpc/unary';
import type { GroupCommit } from '../engine/group-commit';
import type { WriteResult } from '../engine/write-result';
import { BATCH_SCOPE } from '../ledger/command';
import type { Command } from '../ledger/writes';
import { answerMaxBytes, repeatMaxBytes, SUMMARY_MAX_BYTES } from '../mapping/answer-size';
import { readBatchRequest, type BatchRequest } from '../mapping/batch-request';
import { encodeResult } from '../mapping/batch-results';
import { errorCodec, type Reason } from '../mapping/status';
import { NO_CALLER } from '../mapping/validator';
import { findBooked } from '../store/statements/find-booked';
import type { Store } from '../store/store';
import { batchCommands } from './batch-commands';

/** What BatchWrite knows of its server. */
export interface BatchLimits {
  /** The largest response. */
  readonly responseMaxBytes: number;
  /** A batch of no more writes is one database transaction: which of them come first does not matter. */
  readonly chunkMax: number;
}

/** BatchWrite: many writes, each by itself or all in one transaction. */
export function batchWrite(
  commit: GroupCommit,
  store: Store,
  limits: BatchLimits,
): UnaryMethod<BatchRequest> {
  return {
    path: 'ledger.v1.LedgerService/BatchWrite',
    decode: readBatchRequest,
    countsItself: true,
    handle: async (request, context) => {
      const commands = await batchCommands(request);
      const { requestId, atomic, omitBodies } = request;
      const booked = await bookedOf(request, commands, store, limits, context.deadline);
      if (atomic) return commit.submitAtomic({ requestId, caller: NO_CALLER, omitBodies }, commands, context);
      // The position of the last batch that any of the writes was in.
      let headers: CallResult['headers'];
      const answers = await commit.submitMany(commands, context, {
        booked: new Set(booked.keys()),
        answer: ({ command }, result) => {
          if (!(result instanceof CallError)) headers = result.headers ?? headers;
          return encodeResult(command, toCallResult(result), omitBodies);
        },
      });
      return { code: 0, reason: '', bytes: Buffer.concat(answers), replayed: false, headers };
    },
  };
}

/**
 * Which of the writes are booked already, where that matters, and the size of the outcome of each.
 *
 * @throws CallError ANSWER_TOO_LARGE when the results may not fit the response
 */
async function bookedOf(
  { requestId, atomic, omitBodies }: BatchRequest,
  commands: readonly Command[],
  store: Store,
  { responseMaxBytes, chunkMax }: BatchLimits,
  deadline: number,
): Promise<ReadonlyMap<number, number>> {
  const sizes = commands.map((command) => (omitBodies ? SUMMARY_MAX_BYTES : answerMaxBytes(command)));
  const mayFit = sum(sizes) <= responseMaxBytes;
  if (mayFit && (atomic || commands.length <= chunkMax)) return new Map();
  const keys = atomic ? [...commands, { scope: BATCH_SCOPE, requestId }] : commands;
  const booked = await store.read((connection) => findBooked(connection, store.placement, keys), deadline);
  // A batch that has its outcome gets that, which did fit.
  if (mayFit || booked.has(commands.length)) return booked;
  const size = sum(
    sizes.map((most, index) => {
      const bytes = booked.get(index);
      return bytes === undefined ? most : repeatMaxBytes(bytes);
    }),
  );
  if (size <= responseMaxBytes) return booked;
  throw new CallError<Reason>(
    'ANSWER_TOO_LARGE',
    `the results may take ${size} bytes, more than the ${responseMaxBytes} of a response: ` +
      'send fewer writes, or set omit_bodies',
    { metadata: { size: size.toString(), limit: responseMaxBytes.toString() } },
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function toCallResult(result: WriteResult): CallResult {
  if (!(result instanceof CallError)) return result;
  // A caller that has gone reads no reason; every other reason belongs to the contract.
  const reason = result.reason === 'CANCELLED' ? 'NOT_STARTED' : result.reason;
  const { code, bytes } = errorCodec.encode({ reason, message: result.message, metadata: result.metadata });
  return { code, reason, bytes, replayed: false };
}
