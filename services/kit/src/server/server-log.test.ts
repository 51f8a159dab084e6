import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

it('shortens the texts of an error and of its causes', () => {
  const program = `
    const { createLog } = require('./server-log.ts');
    const long = 'x'.repeat(1_000_000);
    const log = createLog('info', null);
    log.fault('a call failed', new Error(long, { cause: Object.assign(new Error(long), { detail: long }) }));
    log.flush();`;
  const { stdout } = spawnSync(process.execPath, ['--require', 'tsx/cjs', '-e', program], {
    cwd: join(__dirname),
    encoding: 'utf8',
  });
  const line = JSON.parse(stdout) as { msg: string; err: { message: string; cause: { detail: string } } };
  expect(line.msg).toBe('a call failed');
  expect(line.err.message).toMatch(/^x{1000,}…$/);
  expect(line.err.cause.detail).toMatch(/^x{1000,}…$/);
  expect(stdout.length).toBeLessThan(100_000);
});
