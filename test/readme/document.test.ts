import { blocksOf } from './document';

const MARKDOWN = [
  'Start it:',
  '```sh',
  '# a comment',
  'npm ci && npm start',
  '```',
  '```text',
  '$ not run',
  '```',
  '```console',
  '$ call -d x \\',
  '    http://here',
  '{',
  '}',
  '$ S=1',
  '```',
  'The end.',
].join('\n');

it('finds the commands of a document in order, with the answers that it shows', () => {
  const blocks = blocksOf(`${MARKDOWN}\n`);
  expect(blocks.map(({ kind, steps }) => [kind, steps])).toEqual([
    ['sh', [{ command: 'npm ci && npm start', answer: undefined }]],
    [
      'console',
      [
        { command: 'call -d x \\\n    http://here', answer: '{\n}\n' },
        { command: 'S=1', answer: '' },
      ],
    ],
  ]);
  const [, shown] = blocks;
  expect(MARKDOWN.slice(shown?.start, shown?.end)).toMatch(/^\$ call [^]*\$ S=1\n$/);
});
