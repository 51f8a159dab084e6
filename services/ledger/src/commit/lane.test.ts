import { Rejection, type Answer } from './answer';
import type { BatchRunner, Settlement } from './batch-runner';
import { Lane, WriteQueue, type WaitingWrite } from './lane';

const BATCH_MAX = 128;

/** Answers each write with its own request id, but for the seventh, which it rejects. */
const runner = {
  run: (writes: readonly WaitingWrite[]): Promise<Settlement[]> =>
    Promise.resolve(
      writes.map(({ command }) =>
        command.requestId === 'r-7'
          ? new Rejection('INTERNAL', 'the seventh')
          : { ...answer, bytes: Buffer.from(command.requestId) },
      ),
    ),
} as unknown as BatchRunner;

const answer: Answer = { code: 0, reason: '', bytes: Buffer.alloc(0), replayed: false, batchSize: 1 };

it('is idle only when every caller of its batches was answered, each with its own answer', async () => {
  const queue = new WriteQueue();
  const lane = new Lane(runner, queue, BATCH_MAX);
  const told: string[] = [];
  for (let index = 0; index < 300; index += 1) {
    const requestId = `r-${index}`;
    queue.push({
      command: { requestId } as WaitingWrite['command'],
      contentHash: Buffer.alloc(0),
      deadline: Infinity,
      isCancelled: () => false,
      resolve: ({ bytes }) => told.push(bytes.toString()),
      reject: ({ message }) => told.push(message),
    });
  }
  lane.wake();
  await lane.idle();
  expect(told.sort()).toEqual(
    Array.from({ length: 300 }, (_, index) => (index === 7 ? 'the seventh' : `r-${index}`)).sort(),
  );
  expect(lane.isIdle).toBe(true);
});
