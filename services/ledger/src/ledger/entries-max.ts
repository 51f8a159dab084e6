import type { Command } from './writes';

/** The most legs of a transaction. */
export const LEGS_MAX = 64;

/** How many entries a command may book at most; of what it refers to only the most is known before it is read. */
export function entriesMax(command: Command): number {
  switch (command.kind) {
    case 'Credit':
    case 'Transfer':
    case 'CaptureHold':
      return 2;
    case 'Purchase':
      return command.subject.by === 'item' ? 4 : 2;
    case 'PostTransaction':
      return command.legs.length;
    case 'ReverseTransaction':
      return LEGS_MAX;
    case 'PlaceHold':
    case 'ReleaseHold':
    case 'UpdateAccount':
    case 'PutItem':
      return 0;
  }
}
