import type { Page } from '@ledger/client';

/** How much of a list to read. */
export interface ListExtent {
  readonly limit: number;
  readonly all?: true | undefined;
  readonly pageToken?: string | undefined;
}

/** The largest page that the ledger serves. */
const MAX_PAGE_SIZE = 1_000;

/**
 * Reads a list page by page as far as asked for. Returns one page with all items in `field`; its `nextPageToken` is
 * empty at the end of the list.
 */
export async function readList<Field extends string, PageOf extends Page & Items<Field>>(
  { limit, all, pageToken = '' }: ListExtent,
  field: Field,
  fetch: (page: { pageSize: number; pageToken: string }) => PromiseLike<PageOf>,
): Promise<PageOf> {
  const items: unknown[] = [];
  let next = pageToken;
  for (;;) {
    const left = all === true ? MAX_PAGE_SIZE : limit - items.length;
    const page = await fetch({ pageSize: Math.min(MAX_PAGE_SIZE, left), pageToken: next });
    items.push(...page[field]);
    next = page.nextPageToken;
    if (next === '' || (all !== true && items.length >= limit))
      return Object.assign(page, { [field]: items });
  }
}

/** A page has its items in this field. */
export type Items<Field extends string> = { readonly [Name in Field]: readonly unknown[] };
