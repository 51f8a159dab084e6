/** What every page has besides its items. */
export interface Page {
  /** The token of the next page; empty on the last page. */
  readonly nextPageToken: string;
}

/**
 * The result of a list method. Nothing is sent before it is read, in one of three ways:
 *
 * ```ts
 * for await (const entry of client.listEntries({ userId, asset })) …         // all, page after page
 * for await (const page of client.listEntries({ userId, asset }).pages()) …  // page by page
 * const { entries, nextPageToken } = await client.listEntries({ userId, asset, pageSize: 20 }); // one page
 * ```
 *
 * A page is fetched when the one before it has been read. Leaving the loop ends the fetching.
 */
export class Listing<Item, PageOf extends Page> implements Promise<PageOf>, AsyncIterable<Item> {
  readonly [Symbol.toStringTag] = 'Listing';
  readonly #fetch: (pageToken: string | undefined) => Promise<PageOf>;
  readonly #items: (page: PageOf) => readonly Item[];
  #first: Promise<PageOf> | undefined;

  /** @param fetch gets one page; without a token the one that the request names */
  constructor(
    fetch: (pageToken: string | undefined) => Promise<PageOf>,
    items: (page: PageOf) => readonly Item[],
  ) {
    this.#fetch = fetch;
    this.#items = items;
  }

  /** All items from the request's page on, in order. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const page of this.pages()) yield* this.#items(page);
  }

  /** All pages from the request's on; the token of each continues after it. */
  async *pages(): AsyncGenerator<PageOf, void, undefined> {
    let page = await this.#fetch(undefined);
    yield page;
    while (page.nextPageToken !== '') {
      page = await this.#fetch(page.nextPageToken);
      yield page;
    }
  }

  /** One page: the first, or the one of the request's `pageToken`. */
  then<Fulfilled = PageOf, Rejected = never>(
    onFulfilled?: ((page: PageOf) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.#page().then(onFulfilled, onRejected);
  }

  /** Awaits one page, as `then` does. */
  catch<Rejected = never>(
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<PageOf | Rejected> {
    return this.#page().catch(onRejected);
  }

  /** Awaits one page, as `then` does. */
  finally(onFinally?: (() => void) | null): Promise<PageOf> {
    return this.#page().finally(onFinally);
  }

  #page(): Promise<PageOf> {
    this.#first ??= this.#fetch(undefined);
    return this.#first;
  }
}
