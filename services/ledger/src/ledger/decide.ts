import type { Command } from './command';
import { decideCredit } from './decide-credit';
import { decideCaptureHold, decidePlaceHold, decideReleaseHold } from './decide-hold';
import { decidePostTransaction } from './decide-post-transaction';
import { decidePurchase } from './decide-purchase';
import { decidePutItem } from './decide-put-item';
import { decideReverseTransaction } from './decide-reverse-transaction';
import { decideTransfer } from './decide-transfer';
import { decideUpdateAccount } from './decide-update-account';
import type { Outcome } from './outcome';
import type { WorkingSet } from './working-set';

/**
 * Judges one write against the state that is locked for it, and changes that state in memory when it succeeds. A
 * refusal leaves no trace. Pure: no clock, no randomness, no database; the same set and command give the same
 * outcome.
 *
 * Faults are judged in one order, so that two at once have one answer: existence, etag or version, state (frozen,
 * inactive, hold), reversal or capture limits, overflow, funds. Shape and known requests were judged before.
 */
export function decide(set: WorkingSet, command: Command): Outcome {
  switch (command.kind) {
    case 'Credit':
      return decideCredit(set, command);
    case 'Purchase':
      return decidePurchase(set, command);
    case 'Transfer':
      return decideTransfer(set, command);
    case 'PostTransaction':
      return decidePostTransaction(set, command);
    case 'ReverseTransaction':
      return decideReverseTransaction(set, command);
    case 'PlaceHold':
      return decidePlaceHold(set, command);
    case 'CaptureHold':
      return decideCaptureHold(set, command);
    case 'ReleaseHold':
      return decideReleaseHold(set, command);
    case 'UpdateAccount':
      return decideUpdateAccount(set, command);
    case 'PutItem':
      return decidePutItem(set, command);
  }
}
