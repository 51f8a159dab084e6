import {
  PostTransactionRequest,
  PostTransactionResponse,
  type Leg,
} from '@ledger/proto/ledger/v1/ledger_service';
import { LEGS_MAX } from '../../ledger/entries-max';
import type { PostTransactionCommand, CommandLeg } from '../../ledger/writes/post-transaction';
import { transactionAndBalances } from '../messages';
import { NO_CALLER, type RequestValidator } from '../validator';
import type { WriteMapping } from '../write-mapping';

/** PostTransaction. */
export const postTransaction: WriteMapping<
  PostTransactionCommand,
  PostTransactionRequest,
  PostTransactionResponse
> = {
  path: 'ledger.v1.LedgerService/PostTransaction',
  request: PostTransactionRequest,
  response: PostTransactionResponse,
  batch: { name: 'postTransaction', number: 4 },
  streamNumber: 6,
  scopeOf: ({ userId }) => userId,

  toCommand(request, scope, validator) {
    return {
      kind: 'PostTransaction',
      caller: NO_CALLER,
      requestId: validator.requestId(request.requestId),
      scope,
      userId: validator.userId('user_id', request.userId),
      legs: legsOf(request, validator),
      ...validator.annotations(request),
    };
  },

  toResponse: transactionAndBalances,
};

const LEGS_MIN = 2;

function legsOf(request: PostTransactionRequest, validator: RequestValidator): CommandLeg[] {
  const { legs, userId } = request;
  if (legs.length < LEGS_MIN || legs.length > LEGS_MAX) {
    validator.addViolation('legs', `must be ${LEGS_MIN} to ${LEGS_MAX}`);
  }
  if (legs.length === 0) return [];
  const accounts = new Set(legs.map((leg) => `${leg.userId}\0${leg.asset}`));
  if (accounts.size < legs.length) validator.addViolation('legs', 'must have one leg per account');
  if (!legs.some((leg) => leg.userId === userId))
    validator.addViolation('user_id', 'must be one of the legs');
  for (const asset of unbalancedAssets(legs)) validator.addViolation('legs', `must sum to zero in ${asset}`);
  return legs.slice(0, LEGS_MAX).map((leg, index) => legOf(leg, `legs[${index}]`, validator));
}

function legOf(leg: Leg, field: string, validator: RequestValidator): CommandLeg {
  const { expectedSequence } = leg;
  if (expectedSequence !== undefined) {
    validator.notNegative(`${field}.expected_sequence`, expectedSequence);
    if (leg.userId.startsWith('@'))
      validator.addViolation(`${field}.expected_sequence`, 'is not for system accounts');
  }
  return {
    userId: validator.accountUserId(`${field}.user_id`, leg.userId),
    asset: validator.asset(`${field}.asset`, leg.asset),
    change: validator.change(`${field}.change`, leg.change),
    expectedSequence: expectedSequence ?? null,
  };
}

function unbalancedAssets(legs: readonly Leg[]): string[] {
  const sums = new Map<string, bigint>();
  for (const { asset, change } of legs) sums.set(asset, (sums.get(asset) ?? 0n) + change);
  return [...sums].filter(([, sum]) => sum !== 0n).map(([asset]) => asset);
}
