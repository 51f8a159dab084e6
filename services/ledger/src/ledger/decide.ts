import type { Command } from './command';
import { decideCredit } from './decide-credit';
import { decidePurchase } from './decide-purchase';
import { decidePutItem } from './decide-put-item';
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
    case 'PutItem':
      return decidePutItem(set, command);
  }
}
