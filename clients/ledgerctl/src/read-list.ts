import type { Page } from '@ledger/client';
import type { Listed } from './session';

/** What the ledger gives at once. */
const PAGE_MAX = 1_000;

/** How much of a list was asked for. */
export interface ListExtent {
  readonly limit: number;
  readonly all?: true | undefined;
  readonly pageToken?: string | undefined;
}

/** Reads a list as far as asked for, page by page. `nextPageToken` is empty at its end. */
export async function readList<PageOf extends Page>(
  { limit, all, pageToken = '' }: ListExtent,
  fetch: (page: { pageSize: number; pageToken: string }) => PromiseLike<PageOf>,
  itemsOf: (page: PageOf) => readonly object[],
): Promise<Listed> {
  const items: object[] = [];
  let next = pageToken;
  do {
    const left = all === true ? PAGE_MAX : limit - items.length;
    const page = await fetch({ pageSize: Math.min(PAGE_MAX, left), pageToken: next });
    items.push(...itemsOf(page));
    next = page.nextPageToken;
  } while (next !== '' && (all === true || items.length < limit));
  return { items, nextPageToken: next };
}
