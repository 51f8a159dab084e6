import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { checkHealth } from '../harness/health-client';
import { rawCalls } from '../harness/raw-calls';
import { RawClient } from '../harness/raw-client';
import { createEmptyDatabase, type TestDatabase } from '../harness/test-database';
import { waitUntil } from '../harness/wait-until';

const PROGRAM = join(__dirname, '..', '..', 'services', 'ledger', 'dist', 'main.js');
/** Far more lines than all buffers on their way hold, those of the system included. */
const CALLS = 6_000;
const IN_FLIGHT = 200;

let database: TestDatabase;
let child: ChildProcess;

beforeEach(async () => {
  database = await createEmptyDatabase();
});
afterEach(async () => {
  child.kill('SIGKILL');
  await waitUntil('the server is gone', () => child.exitCode !== null || child.signalCode !== null);
  await database.drop();
});

it.each<[what: string, open: () => 'pipe' | number, use: (server: ChildProcess) => void]>([
  ['a disk that is full', () => openSync('/dev/full', 'w'), () => undefined],
  ['a reader that does not read', () => 'pipe', () => undefined],
  ['a reader that has gone', () => 'pipe', (server) => void server.stdout?.destroy()],
])('serves and stops although its log goes to %s', async (_what, open, use) => {
  const output = open();
  const address = await startServer(output);
  use(child);
  const client = new RawClient(address);
  const call = rawCalls.getBalance({ userId: 'ada', asset: 'GOLD' });
  for (let sent = 0; sent < CALLS; sent += IN_FLIGHT) {
    const answers = await Promise.all(Array.from({ length: IN_FLIGHT }, () => client.send(call)));
    expect(new Set(answers.map(({ code }) => code))).toEqual(new Set([0]));
  }
  expect(await checkHealth(address)).toBe('SERVING');
  client.close();
  child.kill('SIGTERM');
  await waitUntil('the server ends', () => child.exitCode !== null || child.signalCode !== null);
  expect(child.exitCode).toBe(0);
});

/** Where it listens, which its greeting on standard error says. */
async function startServer(output: 'pipe' | number): Promise<string> {
  const { PATH = '', HOME = '' } = process.env;
  child = spawn(process.execPath, [PROGRAM], {
    env: { PATH, HOME, LEDGER_LISTEN: '127.0.0.1:0', DATABASE_URL: database.url },
    stdio: ['ignore', output, 'pipe'],
  });
  if (typeof output === 'number') closeSync(output);
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const address = (): string | undefined => /listens on (\S+)/.exec(text)?.[1];
  await waitUntil('the server listens', () => address() !== undefined || child.exitCode !== null, 60_000);
  expect(address()).toBeDefined();
  return address() ?? '';
}
