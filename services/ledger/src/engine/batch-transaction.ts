import { CallError } from '@ledger/kit/rpc/call-error';
import type { CallResult } from '@ledger/kit/rpc/call-result';
import type { Portions } from '@ledger/kit/server/portions';
import type { QueryRunner } from 'typeorm';
import type { PassingReason } from '../ledger/failure';
import type { Outcome } from '../ledger/outcome';
import type { StoredResponse } from '../ledger/stored-response';
import type { BookedTransaction } from '../ledger/transaction';
import { decide, type Command } from '../ledger/writes';
import { PipelinedTransaction } from '../store/pg/pipelined-transaction';
import type { FinishedRequest } from '../store/statements/find-requests';
import type { RequestRow } from '../store/statements/insert-requests';
import type { Held } from './held';
import type { RequestKey } from './batch-cells';
import { lockState, type LockedState, type LockSettings } from './locked-state';
import type { OutcomeEncoder } from './outcome-encoder';
import type { NoOutcome, WriteResult } from './write-result';
import { commitRequest, commitState } from './write-rows';

/**
 * How many commands of one transaction may throw before it is given up and split: each costs another pass over the
 * others in memory.
 */
const THROWING_MAX = 16;

/** Writes were refused because the clock of the database is behind: somebody has to see to it. */
export class ClockBehind extends Error {
  override readonly name = 'ClockBehind';
}

/** A command threw while it was decided or encoded: a fault of this program, and of that command alone. */
export class CommandFault extends Error {
  override readonly name = 'CommandFault';
}

/** A command with the hash of its content. */
export interface Write {
  readonly command: Command;
  readonly contentHash: Buffer;
}

/** The request that an atomic batch as a whole is. */
export interface Envelope extends RequestKey {
  /** Who sent it; as `CommandBase.caller`. */
  readonly caller: string;
  readonly contentHash: Buffer;
  /** Its response has no bodies. */
  readonly omitBodies: boolean;
}

/** What a batch needs to know beside its writes. */
export interface BatchSettings extends LockSettings {
  readonly encoder: OutcomeEncoder;
  /** Called for each command that threw. */
  readonly onThrown: (fault: CommandFault | ClockBehind) => void;
}

/**
 * Carries a batch of writes out in one database transaction, from BEGIN to COMMIT, and answers them in their
 * order. Returns only when everything is on disk. A command that throws gets INTERNAL, and leaves nothing behind;
 * one that needs what another session holds is left out, in the lock mode `skip`.
 *
 * @throws LostRace, CommitUnknown, CommandFault, or an error of the database; nothing is booked but perhaps after CommitUnknown
 */
export function runBatchTransaction(
  runner: QueryRunner,
  writes: readonly Write[],
  settings: BatchSettings,
): Promise<(WriteResult | Held)[]> {
  return PipelinedTransaction.run(runner, async (transaction) => {
    const commands = writes.map((write) => write.command);
    const locked = await lockState(transaction, commands, commands, settings);
    const { state, results, rows } = await decideEach(locked, writes, settings, transaction.portions());
    await commitState(transaction, state, rows);
    reportClock(results, settings);
    return results;
  });
}

/**
 * Carries an atomic batch out: all writes or none, under the request id of their envelope. A failure is kept for the
 * envelope alone, so the request ids of its writes can be used again; a success finishes all of them. Writes that were
 * booked before count as done.
 *
 * @throws as runBatchTransaction
 */
export function runAtomicBatch(
  runner: QueryRunner,
  envelope: Envelope,
  writes: readonly Write[],
  settings: BatchSettings,
): Promise<CallResult | Held> {
  return PipelinedTransaction.run(runner, async (transaction) => {
    const { encoder } = settings;
    const commands = writes.map((write) => write.command);
    const state = await lockState(transaction, commands, [...commands, envelope], settings);
    const shared = { batchSize: writes.length, headers: state.headers };
    const first = state.finished.find(
      ({ scope, requestId }) => scope === envelope.scope && requestId === envelope.requestId,
    );
    if (first !== undefined) {
      await commitState(transaction, state, []);
      return resultOfRepeat(first, envelope, envelope.contentHash, encoder, shared);
    }
    const [held] = heldWrites(state, writes).values();
    if (held !== undefined) {
      await commitState(transaction, state, []);
      return held;
    }
    const portions = transaction.portions();
    const decided = await decideAll(state, writes, encoder, portions);
    if ('fault' in decided) throw decided.fault;
    const { results, rows } = decided;
    const failed = results.findIndex((result) => result.code !== 0);
    const failure = results[failed];
    if (failure !== undefined) {
      const response = encoder.encodeBatchFailure(failed, failure);
      if (failure.reason === CLOCK_BEHIND) await commitState(transaction, state, []);
      else await commitRequest(transaction, state, envelopeRow(envelope, response));
      return resultOf(response, shared);
    }
    await portions.pause();
    const response = {
      code: 0,
      reason: '',
      bytes: encoder.encodeBatch(commands, results, envelope.omitBodies),
    };
    await portions.pause();
    await commitState(transaction, state, [...rows, envelopeRow(envelope, response)]);
    return resultOf(response, shared);
  });
}

interface Decided {
  readonly results: CallResult[];
  /** The requests that were not known before. */
  readonly rows: RequestRow[];
}

/** A write that threw; what was decided of its batch is worth nothing. */
interface Thrown {
  readonly write: Write;
  readonly fault: CommandFault;
}

/**
 * Decides all writes but those that throw, and those that need what is held. An exception may leave the state half
 * changed, so the others are decided again on the state as it was read.
 */
async function decideEach(
  locked: LockedState,
  writes: readonly Write[],
  { encoder, onThrown }: BatchSettings,
  portions: Portions,
): Promise<{
  readonly state: LockedState;
  readonly results: (WriteResult | Held)[];
  readonly rows: RequestRow[];
}> {
  const leftOut: Map<Write, Held | NoOutcome> = heldWrites(locked, writes);
  const faults: CommandFault[] = [];
  for (let state = locked; ; state = await state.reload()) {
    const rest = leftOut.size === 0 ? writes : writes.filter((write) => !leftOut.has(write));
    const decided = await decideAll(state, rest, encoder, portions);
    if ('fault' in decided) {
      faults.push(decided.fault);
      if (faults.length > THROWING_MAX) throw decided.fault;
      leftOut.set(decided.write, new CallError('INTERNAL', 'a command failed', { cause: decided.fault }));
      continue;
    }
    for (const fault of faults) onThrown(fault);
    if (leftOut.size === 0) return { state, ...decided };
    return { state, rows: decided.rows, results: resultsOf(writes, leftOut, decided.results) };
  }
}

/** The writes that need what another session holds; those that are finished need nothing. */
function heldWrites({ finished, heldFor }: LockedState, writes: readonly Write[]): Map<Write, Held> {
  const held = new Map<Write, Held>();
  if (heldFor === null) return held;
  const known = new Set(finished.map(requestId));
  for (const write of writes) {
    const account = heldFor(write.command);
    if (account !== null && !known.has(requestId(write.command))) held.set(write, account);
  }
  return held;
}

/** The results of all writes in order, of which some were left out. */
function resultsOf(
  writes: readonly Write[],
  leftOut: ReadonlyMap<Write, Held | NoOutcome>,
  decided: readonly CallResult[],
): (WriteResult | Held)[] {
  const rest = decided.values();
  return writes.flatMap((write): (WriteResult | Held)[] => {
    const result = leftOut.get(write);
    if (result !== undefined) return [result];
    const next = rest.next();
    return next.done === true ? [] : [next.value];
  });
}

/** What all results of a batch have. */
type Shared = Required<Pick<CallResult, 'batchSize' | 'headers'>>;

/** What is known of a request, from the database or from earlier in the batch. */
type Known = Pick<FinishedRequest, 'contentHash' | keyof StoredResponse>;

/**
 * Answers known requests from their stored bytes and decides the others, one by one, in order of arrival, in
 * portions. Objects are spelt out here and wherever every write comes by: to spread one into another takes a microsecond.
 */
async function decideAll(
  { set, finished, headers }: LockedState,
  writes: readonly Write[],
  encoder: OutcomeEncoder,
  portions: Portions,
): Promise<Decided | Thrown> {
  const known = new Map<string, Known>();
  for (const request of finished) known.set(requestId(request), request);
  const rows: RequestRow[] = [];
  const results: CallResult[] = [];
  const shared = { batchSize: writes.length, headers };
  for (const write of writes) {
    if (portions.isOver) await portions.next();
    const { command, contentHash } = write;
    try {
      const id = requestId(command);
      const first = known.get(id);
      if (first !== undefined) {
        results.push(resultOfRepeat(first, command, contentHash, encoder, shared));
        continue;
      }
      const outcome = decide(set, command);
      const response = encoder.encode(command, outcome);
      const row: RequestRow = {
        scope: command.scope,
        requestId: command.requestId,
        method: command.kind,
        caller: command.caller,
        contentHash,
        code: response.code,
        reason: response.reason,
        bytes: response.bytes,
        transaction: bookedTransaction(outcome),
      };
      if (isStored(outcome)) {
        known.set(id, row);
        rows.push(row);
      }
      results.push(resultOf(response, shared));
    } catch (cause) {
      return { write, fault: new CommandFault(`${command.kind} threw`, { cause }) };
    }
  }
  return { results, rows };
}

/** The result of a request whose id is known: its stored response, or an error when it asks for something else. */
function resultOfRepeat(
  first: Known,
  request: RequestKey,
  contentHash: Buffer,
  encoder: OutcomeEncoder,
  shared: Shared,
): CallResult {
  if (!first.contentHash.equals(contentHash)) return resultOf(encoder.encodeReused(request), shared);
  const { batchSize, headers } = shared;
  return { code: first.code, reason: first.reason, bytes: first.bytes, replayed: true, batchSize, headers };
}

function resultOf({ code, reason, bytes }: StoredResponse, { batchSize, headers }: Shared): CallResult {
  return { code, reason, bytes, replayed: false, batchSize, headers };
}

function envelopeRow(
  { scope, requestId: id, caller, contentHash }: Envelope,
  { code, reason, bytes }: StoredResponse,
): RequestRow {
  return {
    ...{ scope, requestId: id, method: 'BatchWrite', caller, contentHash },
    ...{ code, reason, bytes, transaction: null },
  };
}

const CLOCK_BEHIND: PassingReason = 'CLOCK_BEHIND';

/** A refusal that passes is no outcome: a repeat is decided again. */
function isStored(outcome: Outcome): boolean {
  return outcome.type !== 'failure' || outcome.reason !== CLOCK_BEHIND;
}

/** Tells of a clock that needs somebody's attention. */
function reportClock(results: readonly (WriteResult | Held)[], { onThrown }: BatchSettings): void {
  const behind = results.filter((result) => 'code' in result && result.reason === CLOCK_BEHIND);
  if (behind.length > 0) onThrown(new ClockBehind(`${behind.length} writes refused: ${CLOCK_TOLD}`));
}

const CLOCK_TOLD =
  'the clock of the database is behind the last entries of their accounts; see "A clock that was ahead" in docs/operations.md';

function bookedTransaction(outcome: Outcome): BookedTransaction | null {
  return outcome.type === 'posted' || outcome.type === 'hold' ? outcome.transaction : null;
}

function requestId({ scope, requestId: id }: RequestKey): string {
  return `${scope}\0${id}`;
}
