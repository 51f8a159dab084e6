import { isSystemAccount } from '../account';
import type { CommandBase } from '../command';
import { failure, type Failure } from '../failure';
import { post, refuseFrozen, reversibleAmountOf, viewOf, type Leg, type PostingHeader } from '../post';
import { EntryKind, type Transaction } from '../transaction';
import type { WorkingSet } from '../working-set';
import { nothing, type WriteDefinition } from '../write-definition';

/** Takes a transaction back. */
export interface ReverseTransactionCommand extends CommandBase {
  readonly kind: 'ReverseTransaction';
  readonly userId: string;
  readonly transactionId: string;
  /** 0: all that is left. */
  readonly amount: bigint;
  readonly description: string;
}

/**
 * Takes a transaction back through the same accounts and stripes, whole or (of two entries) in parts, never more
 * than it moved. The locks on the original's accounts serialise its reversals.
 */
export const reverseTransaction: WriteDefinition<ReverseTransactionCommand> = {
  refersTo(references, command) {
    references.original(command);
  },

  lockKeys: nothing,

  writeContent(out, command) {
    out.text(command.transactionId).i64(command.amount).text(command.description);
  },

  decide(set, command) {
    const { transactionId, userId } = command;
    const original = set.original(userId, transactionId);
    if (original === undefined) {
      return failure('TRANSACTION_NOT_FOUND', `no transaction ${transactionId} of ${userId}`, {
        transaction_id: transactionId,
      });
    }
    const frozen = refuseFrozenDebits(set, original);
    if (frozen !== null) return frozen;
    const left = reversibleAmountOf(original.entries) - set.reversedAmount(transactionId);
    const refused = refuse(original, command.amount, left);
    if (refused !== null) return refused;

    const amount = command.amount === 0n ? left : command.amount;
    const legs = reversedLegs(set, original, amount);
    const transaction = post(set, headerOfReversal(command), legs);
    if ('type' in transaction) return transaction;
    set.addReversal(transactionId, transaction.transactionId, amount);
    const balances = legs.map(({ account }) => account).filter((account) => !isSystemAccount(account.userId));
    return { type: 'posted', transaction, reversibleAmount: 0n, balances: balances.map(viewOf) };
  },
};

function refuse(original: Transaction, amount: bigint, left: bigint): Failure | null {
  const { transactionId, kind, entries } = original;
  if (kind === EntryKind.REVERSAL) {
    return failure('NOT_REVERSIBLE', `transaction ${transactionId} is itself a reversal`, {
      transaction_id: transactionId,
    });
  }
  if (entries.length !== 2 && amount !== 0n) {
    return failure(
      'NOT_REVERSIBLE',
      `transaction ${transactionId} has ${entries.length} entries and can only be reversed whole`,
      { transaction_id: transactionId, entries: BigInt(entries.length) },
    );
  }
  if (left > 0n && amount <= left) return null;
  return failure(
    'REVERSAL_EXCEEDS_ORIGINAL',
    `transaction ${transactionId} has ${left} left to reverse, ${amount} requested`,
    { transaction_id: transactionId, reversible: left, requested: amount },
  );
}

/** The entries the other way round; of two, the amount asked for. */
function reversedLegs(set: WorkingSet, original: Transaction, amount: bigint): Leg[] {
  return original.entries.map((entry) => {
    const account = set.accountRow(entry);
    if (original.entries.length !== 2) return { account, change: -entry.change };
    return { account, change: entry.change < 0n ? amount : -amount };
  });
}

function refuseFrozenDebits(set: WorkingSet, original: Transaction): Failure | null {
  for (const entry of original.entries) {
    const refused = entry.change > 0n ? refuseFrozen(set.accountRow(entry)) : null;
    if (refused !== null) return refused;
  }
  return null;
}

function headerOfReversal(command: ReverseTransactionCommand): PostingHeader {
  return {
    kind: EntryKind.REVERSAL,
    userId: command.userId,
    requestId: command.requestId,
    caller: command.caller,
    effectiveTime: null,
    description: command.description,
    reference: '',
    metadata: [],
    item: null,
    reversesTransactionId: command.transactionId,
  };
}
