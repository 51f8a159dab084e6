import { LagNote } from './lag-note';

it('tells while a stream is behind, and once when it has caught up', () => {
  const notes: string[] = [];
  const lag = new LagNote((text) => notes.push(text));
  for (const seconds of [undefined, 0n, 1n, 2n, 0n, 0n])
    lag.tell(seconds === undefined ? undefined : { seconds });
  expect(notes).toEqual([
    expect.stringMatching(/^1 s behind: /),
    expect.stringMatching(/^2 s behind: .* names its session$/),
    'caught up',
  ]);
});
