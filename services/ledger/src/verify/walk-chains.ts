import type { StoredAccount } from '../store/statements/read-account-range';
import { readChains, type ChainEntry } from '../store/statements/read-chains';
import { CHAIN_START, checkEnd, checkEntry, checkRow, endAfter, type ChainEnd } from './check-account';
import type { LedgerReader } from './ledger-reader';
import type { ViolationList } from './violation';

/** Limits the entries in memory, and the time for which hashing blocks the process: some milliseconds. */
const ENTRIES_PER_PAGE = 250n;

/** An account, and how far its chain has been checked. */
interface Chain {
  readonly account: StoredAccount;
  end: ChainEnd;
}

/** A page of checked entries. */
export interface ChainPage {
  readonly entries: readonly ChainEntry[];
  readonly accountsDone: number;
}

/**
 * Reads the entries of the accounts up to the sequences of their rows, in pages, and checks each of them. Entries never
 * change, so pages need not share a snapshot with each other or with the rows.
 */
export async function* walkChains(
  read: LedgerReader,
  accounts: readonly StoredAccount[],
  found: ViolationList,
): AsyncGenerator<ChainPage> {
  for (const violation of accounts.flatMap(checkRow)) found.add(violation);
  let chains = accounts.map((account): Chain => ({ account, end: CHAIN_START }));
  while (chains.length > 0) {
    const slices = slicesOf(chains);
    const parts = await read((connection) => readChains(connection, slices));
    const done = new Set<Chain>();
    slices.forEach(({ chain, limit }, index) => {
      const entries = parts[index] ?? [];
      follow(chain, entries, found);
      // Fewer entries than requested means that some are missing and no more follow.
      if (chain.end.sequence < chain.account.sequence && BigInt(entries.length) === limit) return;
      finish(chain, found);
      done.add(chain);
    });
    chains = chains.filter((chain) => !done.has(chain));
    yield { entries: parts.flat(), accountsDone: done.size };
  }
}

type Slice = Parameters<typeof readChains>[1][number] & { readonly chain: Chain };

/** The parts of the first chains that fit in a page. */
function slicesOf(chains: readonly Chain[]): Slice[] {
  const slices: Slice[] = [];
  let room = ENTRIES_PER_PAGE;
  for (const chain of chains) {
    const { account, end } = chain;
    // Entries after the row's sequence belong to later writes.
    const left = account.sequence > end.sequence ? account.sequence - end.sequence : 0n;
    if (room === 0n && left > 0n) break;
    const limit = left < room ? left : room;
    const { userId, asset, stripe, sequence: upTo } = account;
    slices.push({ userId, asset, stripe, after: end.sequence, upTo, limit, chain });
    room -= limit;
  }
  return slices;
}

function follow(chain: Chain, entries: readonly ChainEntry[], found: ViolationList): void {
  for (const entry of entries) {
    for (const violation of checkEntry(chain.account, chain.end, entry)) found.add(violation);
    chain.end = endAfter(chain.end, entry);
  }
}

/**
 * Checks the row against the last entry. If that is missing, it was reported already, and there is nothing to compare.
 */
function finish({ account, end }: Chain, found: ViolationList): void {
  if (end.sequence !== account.sequence) return;
  for (const violation of checkEnd(account, end)) found.add(violation);
}
