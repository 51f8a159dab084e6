import type { GroupCommit } from '../engine/group-commit';
import type { WriteMapping } from '../mapping/write-mapping';
import { toValidCommand, writeMappings } from '../mapping/writes';
import type { UnaryMethod } from '@ledger/kit/rpc/unary';

/**
 * The rpcs of every write. All writes go one way: a request becomes a command, the command goes to group commit, its
 * result comes back.
 */
export function writeMethods(commit: GroupCommit): UnaryMethod<unknown>[] {
  return Object.values<WriteMapping>(writeMappings).map((mapping) => ({
    path: mapping.path,
    admit: (context) => commit.admit(context),
    decode: (bytes) => mapping.request.decode(bytes),
    handle: (request, context) => commit.submit(toValidCommand(mapping, request), context),
  }));
}
