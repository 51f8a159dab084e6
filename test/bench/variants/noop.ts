import type { CallResult } from '@ledger/kit/rpc/call-result';
import type { Command } from '../../../services/ledger/src/ledger/writes';
import type { BalanceView } from '../../../services/ledger/src/ledger/outcome';
import type { Entry, BookedTransaction } from '../../../services/ledger/src/ledger/transaction';
// The compiled code, exactly what a server runs.
import { outcomeEncoder } from '../../../services/ledger/dist/mapping/outcome-encoder';
import { ASSET } from '../users';
import { UnsupportedByDesign, type Design } from './design';

/**
 * Does nothing: it returns a response of the same size, encoded for each call by the ledger's own code. It measures the
 * ceiling of grpc-js with our decoding, request validation and logging.
 */
export const noop: Design = {
  submit: (command) => {
    const transaction = sampleTransaction(command);
    const outcome = {
      ...({ type: 'posted', transaction, reversibleAmount: 1n } as const),
      balances: [sampleBalance(transaction.userId)],
    };
    const result: CallResult = { ...outcomeEncoder.encode(command, outcome), replayed: false, batchSize: 1 };
    return Promise.resolve(result);
  },
  read: ({ userId }) => Promise.resolve(sampleBalance(userId)),
};

const TIME = 1_795_000_000_123_456n;
const HASH = Buffer.alloc(32, 7);

function sampleTransaction(command: Command): BookedTransaction {
  if (command.kind !== 'Purchase' && command.kind !== 'Credit' && command.kind !== 'Transfer') {
    throw new UnsupportedByDesign(command.kind);
  }
  const kinds = { Credit: 1, Purchase: 2, Transfer: 3 } as const;
  const change = command.kind === 'Credit' ? 1n : -1n;
  return {
    transactionId: '01a1fa54-5ee3-7804-8000-c2df81ac74d0',
    kind: kinds[command.kind],
    userId: command.scope,
    requestId: command.requestId,
    caller: '',
    createTime: TIME,
    effectiveTime: null,
    ...{ description: '', reference: '', metadata: [], item: null, reversesTransactionId: null },
    digest: HASH,
    commitOrders: [{ cell: 0, commitOrder: 1_000n }],
    entries: [sampleEntry(command.scope, change), sampleEntry('@revenue', -change)],
  };
}

function sampleEntry(userId: string, change: bigint): Entry {
  const [sequence, balanceAfter, debitsAfter] = [1_000n, 1_000_000_000n, change < 0n ? 1_000_000n : 0n];
  return {
    ...{ userId, asset: ASSET, stripe: 0, sequence, change, balanceAfter, debitsAfter },
    ...{ effectiveTime: null, hash: HASH },
  };
}

function sampleBalance(userId: string): BalanceView {
  const [balance, sequence] = [1_000_000_000n, 1_000n];
  return { userId, asset: ASSET, balance, held: 0n, sequence, lastEntryTime: TIME };
}
