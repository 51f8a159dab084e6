import type { LoadResult } from './load/load-spec';

/** Messages between the benchmark and its load generators. Work is prepared first and runs on command. */

export type ParentMessage<Spec> =
  { readonly order: 'prepare'; readonly spec: Spec } | { readonly order: 'go' };

export type ChildMessage =
  | { readonly answer: 'up' }
  | { readonly answer: 'prepared' }
  | { readonly answer: 'done'; readonly result: LoadResult }
  | { readonly answer: 'failed'; readonly message: string };

/** Prepared work that can be run once. */
export interface PreparedWork {
  run(): Promise<LoadResult>;
}

/** The child's side: a listener for the parent's messages. The process exits when the parent disconnects. */
export function handleMessages<Spec>(
  prepare: (spec: Spec) => Promise<PreparedWork>,
): (order: ParentMessage<Spec>) => void {
  const answer = (value: ChildMessage): void => {
    process.send?.(value);
  };
  let work: PreparedWork | undefined;
  const handle = async (order: ParentMessage<Spec>): Promise<void> => {
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
    handle(order).catch((error: unknown) => {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      answer({ answer: 'failed', message });
    });
  };
}
