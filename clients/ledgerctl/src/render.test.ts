import { LineRenderer, render } from './render';

const EVIL = 'ENTRY_KIND_a,"b"\r\n\u001b[31mred\u202e';
const section = {
  columns: ['userId', 'change', 'kind', 'metadata'],
  rows: [
    { userId: 'ada', change: '-5', kind: 'ENTRY_KIND_CREDIT', metadata: {} },
    { userId: EVIL, change: '1000', kind: 'ENTRY_KIND_UNSPECIFIED', metadata: { of: 'x' } },
  ],
};
const answer = { document: { entries: section.rows }, sections: [section] as const };
const plain = { stdout: { write: () => undefined }, env: {} };
const terminal = { stdout: { isTTY: true, write: () => undefined }, env: {} };

it('aligns numbers to the right, and shows no control character', () => {
  expect(render(answer, 'table', plain).split('\n')).toEqual([
    'USER_ID                                          CHANGE  KIND    METADATA',
    'ada                                                  -5  CREDIT',
    String.raw`ENTRY_KIND_a,"b"\u{d}\u{a}\u{1b}[31mred\u{202e}    1000          {"of":"x"}`,
    '',
  ]);
});

it('quotes CSV, and changes nothing in it', () => {
  expect(render(answer, 'csv', plain)).toBe(
    `user_id,change,kind,metadata\nada,-5,CREDIT,\n"${EVIL.replaceAll('"', '""')}",1000,,"{""of"":""x""}"\n`,
  );
});

it('gives all of it as JSON, which is read back as it was', () => {
  expect(JSON.parse(render(answer, 'json', plain))).toEqual(answer.document);
});

it.each<[env: Record<string, string>, isPainted: boolean]>([
  [{}, true],
  [{ NO_COLOR: '' }, true],
  [{ NO_COLOR: '0' }, false],
  [{ TERM: 'dumb' }, false],
])('paints on a terminal with %j: %s', (env, isPainted) => {
  expect(render(answer, 'table', { ...terminal, env }).includes('\u001b[1mUSER_ID\u001b[22m')).toBe(
    isPainted,
  );
});

it('shows nothing of a table without rows, and the header of CSV', () => {
  const empty = { document: {}, sections: [{ columns: ['userId'], rows: [] }] as const };
  expect(render(empty, 'table', plain)).toBe('');
  expect(render(empty, 'csv', plain)).toBe('user_id\n');
});

it('writes lines that come one after the other under one header, in columns that grow', () => {
  const rowOf = (userId: string) => ({ columns: ['userId', 'asset'], rows: [{ userId, asset: 'GOLD' }] });
  const table = new LineRenderer('table', plain);
  const lines = ['ada', 'somebody', 'bob'].map((userId) => table.line({}, rowOf(userId)));
  expect(lines).toEqual(['USER_ID  ASSET\nada      GOLD\n', 'somebody  GOLD\n', 'bob       GOLD\n']);

  const csv = new LineRenderer('csv', plain);
  expect(csv.line({}, rowOf('ada')) + csv.line({}, rowOf('bob'))).toBe('user_id,asset\nada,GOLD\nbob,GOLD\n');
  expect(new LineRenderer('json', plain).line({ entry: { of: 'ada' } }, rowOf('ada'))).toBe(
    '{"entry":{"of":"ada"}}\n',
  );
});
