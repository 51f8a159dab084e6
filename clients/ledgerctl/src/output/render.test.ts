import { LineRenderer, render } from './render';

const EVIL = 'a,"b"\r\n\u001b[31mred\u202e';
const table = {
  columns: ['user_id', 'change', 'metadata'],
  rows: [
    ['ada', '-5', ''],
    [EVIL, '1000', '{"of":"x"}'],
  ],
};
const view = { document: { entries: [{ userId: EVIL }] }, tables: [table] };
const plain = { stdout: { write: () => undefined }, env: {} };
const terminal = { stdout: { isTTY: true, write: () => undefined }, env: {} };

it('aligns numbers to the right, and prints no control character', () => {
  expect(render(view, 'table', plain).split('\n')).toEqual([
    'USER_ID                               CHANGE  METADATA',
    'ada                                       -5',
    String.raw`a,"b"\u{d}\u{a}\u{1b}[31mred\u{202e}    1000  {"of":"x"}`,
    '',
  ]);
});

it('quotes CSV, and changes nothing in it', () => {
  expect(render(view, 'csv', plain)).toBe(
    `user_id,change,metadata\nada,-5,\n"${EVIL.replaceAll('"', '""')}",1000,"{""of"":""x""}"\n`,
  );
});

it('prints the whole document as JSON, which can be read back', () => {
  expect(JSON.parse(render(view, 'json', plain))).toEqual(view.document);
});

it.each<[env: Record<string, string>, isPainted: boolean]>([
  [{}, true],
  [{ NO_COLOR: '' }, true],
  [{ NO_COLOR: '0' }, false],
  [{ TERM: 'dumb' }, false],
])('paints on a terminal with %j: %s', (env, isPainted) => {
  expect(render(view, 'table', { ...terminal, env }).includes('\u001b[1mUSER_ID\u001b[22m')).toBe(isPainted);
});

it('prints nothing for a table without rows, and the header in CSV', () => {
  const empty = { document: {}, tables: [{ columns: ['user_id'], rows: [] }] };
  expect(render(empty, 'table', plain)).toBe('');
  expect(render(empty, 'csv', plain)).toBe('user_id\n');
});

it('prints consecutive views under one header, in columns that grow', () => {
  const viewOf = (userId: string) => ({
    document: { entry: { userId } },
    tables: [{ columns: ['user_id', 'asset'], rows: [[userId, 'GOLD']] }],
  });
  const text = new LineRenderer('table', plain);
  const lines = ['ada', 'somebody', 'bob'].map((userId) => text.lines(viewOf(userId)));
  expect(lines).toEqual(['USER_ID  ASSET\nada      GOLD\n', 'somebody  GOLD\n', 'bob       GOLD\n']);

  const csv = new LineRenderer('csv', plain);
  expect(csv.lines(viewOf('ada')) + csv.lines(viewOf('bob'))).toBe('user_id,asset\nada,GOLD\nbob,GOLD\n');
  expect(new LineRenderer('json', plain).lines(viewOf('ada'))).toBe('{"entry":{"userId":"ada"}}\n');
});
