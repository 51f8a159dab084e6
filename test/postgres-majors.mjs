// Runs the test files whose outcome depends on what Postgres makes of our SQL, once for each major version:
//
//   node test/postgres-majors.mjs 14 15 16 17
//
// Each version's binaries are fetched into a temporary folder. One that cannot be had is reported as SKIPPED with its
// reason. Exits with 1 when a test failed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { installPostgres } from './harness/install-postgres.mjs';

const ROOT = join(import.meta.dirname, '..');
const JEST = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');

/** Files of tests by path. Those that start a Postgres of their own always use the embedded one. */
const SUITES = [
  'test/storage/(?!embedded-postgres)',
  'test/verify/(check-ledger|verify-ledger|verify-checkpoint|verify-tampering)',
  'test/watch/',
  'test/rpc/(account-settings|atomic-batches|history|holds|item-prices|replay-every-write|reversals)',
  'test/concurrency/(crossing-transfers|hold-races|lock-order|new-accounts|no-double-spend)',
];

const majors = process.argv.slice(2);
if (majors.length === 0 || majors.some((major) => !/^[0-9]+$/.test(major))) {
  process.stderr.write('usage: node test/postgres-majors.mjs <major version>…\n');
  process.exit(2);
}

const results = [];
for (const major of majors) results.push(await testOn(major));
process.stdout.write(`\n${results.map(({ line }) => line).join('\n')}\n`);
process.exitCode = results.some(({ failed }) => failed) ? 1 : 0;

/** @param {string} major */
async function testOn(major) {
  process.stdout.write(`\n== Postgres ${major}\n`);
  let installed;
  try {
    installed = await installPostgres(major);
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim() : String(error);
    return { line: `SKIPPED  Postgres ${major}: ${reason}`, failed: false };
  }
  try {
    const env = { ...process.env, LEDGER_TEST_POSTGRES_BIN: installed.binDir };
    const args = [JEST, '--config', join(ROOT, 'jest.all.config.js'), '--testPathPatterns', ...SUITES];
    const [code] = await once(spawn(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' }), 'exit');
    return { line: `${code === 0 ? 'ok     ' : 'FAILED '}  Postgres ${major}`, failed: code !== 0 };
  } finally {
    await rm(installed.directory, { recursive: true, force: true });
  }
}
