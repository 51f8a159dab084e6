import type { CommandBase } from './command';
import type { Outcome } from './outcome';
import type { WorkingSet } from './working-set';
import type { WriteDefinition } from './write-definition';
import { captureHold } from './writes/capture-hold';
import { credit } from './writes/credit';
import { placeHold } from './writes/place-hold';
import { postTransaction } from './writes/post-transaction';
import { purchase } from './writes/purchase';
import { putItem } from './writes/put-item';
import { releaseHold } from './writes/release-hold';
import { reverseTransaction } from './writes/reverse-transaction';
import { transfer } from './writes/transfer';
import { updateAccount } from './writes/update-account';

/** Every write there is, by the name of its rpc. `mapping/writes.ts` has a row for each of these. */
const table = {
  Credit: credit,
  Purchase: purchase,
  Transfer: transfer,
  PostTransaction: postTransaction,
  ReverseTransaction: reverseTransaction,
  PlaceHold: placeHold,
  CaptureHold: captureHold,
  ReleaseHold: releaseHold,
  UpdateAccount: updateAccount,
  PutItem: putItem,
};

type CommandOf<Definition> = Definition extends WriteDefinition<infer C> ? C : never;

/** A command of any write. */
export type Command = CommandOf<(typeof table)[keyof typeof table]>;

/** The command of one write. */
export type CommandOfKind<Kind extends Command['kind']> = Extract<Command, { readonly kind: Kind }>;

/** The same table; the compiler checks that each key is the kind of its commands. */
const definitions: { readonly [Kind in Command['kind']]: WriteDefinition<CommandOfKind<Kind>> } = table;

/** The definition of a command's write. */
export function definitionOf(command: Command): WriteDefinition<Command & CommandBase> {
  return definitions[command.kind];
}

/**
 * Decides one write on the state that is locked for it, and changes that state in memory when it succeeds. A refusal
 * leaves no trace. Pure: no clock, no randomness, no database; the same set and command give the same outcome.
 *
 * Faults are checked in one order, so that two at once have one answer: existence, etag or version, state (frozen,
 * inactive, hold), reversal or capture limits, overflow, funds. The request itself was validated before, and requests
 * that are finished already never come here.
 */
export function decide(set: WorkingSet, command: Command): Outcome {
  set.forOwner(command.scope);
  return definitionOf(command).decide(set, command);
}
