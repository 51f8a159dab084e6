import type { LoadResult } from './load/load-spec';

/** How the benchmark and its worker processes talk: work is prepared off the clock, then done at a word. */

export type ParentMessage<Spec> =
  { readonly order: 'prepare'; readonly spec: Spec } | { readonly order: 'go' };

export type Answer =
  | { readonly answer: 'up' }
  | { readonly answer: 'prepared' }
  | { readonly answer: 'done'; readonly result: LoadResult }
  | { readonly answer: 'failed'; readonly message: string };

/** Work that is ready to be done, once. */
export interface PreparedWork {
  run(): Promise<LoadResult>;
}

/** The child's side, as a listener to the parent's messages: obeys until the parent leaves. */
export function handleMessages<Spec>(
  prepare: (spec: Spec) => Promise<PreparedWork>,
): (order: ParentMessage<Spec>) => void {
  const answer = (value: Answer): void => {
    process.send?.(value);
  };
  let work: PreparedWork | undefined;
  const obey = async (order: ParentMessage<Spec>): Promise<void> => {
    if (order.order === 'prepare') {
      work = await prepare(order.spec);
      answer({ answer: 'prepared' });
    } else {
      if (work === undefined) throw new Error('nothing was prepared');
      answer({ answer: 'done', result: await work.run() });
      work = undefined;
    }
  };
  process.on('disconnect', () => process.exit(0));
  answer({ answer: 'up' });
  return (order) => {
    obey(order).catch((error: unknown) => {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      answer({ answer: 'failed', message });
    });
  };
}
