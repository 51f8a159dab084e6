import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const packageDir = join(__dirname, '..');
const protoDir = join(packageDir, '../../proto');
const tsc = require.resolve('typescript/lib/tsc.js');
const nodeModules = join(dirname(tsc), '../..');

let home: string;
let installed: string;

// The package as others get it, with the one that it depends on: built, and found by their names.
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'ledger-client-'));
  for (const scope of ['@bufbuild', '@grpc', '@types']) {
    mkdirSync(join(home, 'node_modules'), { recursive: true });
    symlinkSync(join(nodeModules, scope), join(home, 'node_modules', scope));
  }
  install('@ledger/proto', protoDir);
  installed = install('@ledger/client', packageDir);
}, 120_000);

/** Builds a package into the node_modules of `home` and returns where it lies there. */
function install(name: string, sourceDir: string): string {
  const target = join(home, 'node_modules', name);
  const outDir = join(target, 'dist');
  mkdirSync(target, { recursive: true });
  cpSync(join(sourceDir, 'package.json'), join(target, 'package.json'));
  run(tsc, '--project', sourceDir, '--outDir', outDir, '--tsBuildInfoFile', join(outDir, '.tsbuildinfo'));
  return target;
}

afterAll(() => rmSync(home, { recursive: true, force: true }));

function run(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: home, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${stdout}${stderr}`);
  return stdout.trim();
}

function runScript(name: string, text: string): string {
  writeFileSync(join(home, name), text);
  return run(name);
}

const use = `
  const client = new LedgerClient({ address: '127.0.0.1:1', retry: { maxAttempts: 1 } });
  client.getBalance({ userId: 'ada', asset: 'GOLD' }).catch((error) => {
    console.log(error instanceof LedgerError, error.codeName, EntryKind.CREDIT);
    client.close();
  });
`;

it('can be imported by an ES module', () => {
  const text = `import { EntryKind, LedgerClient, LedgerError } from '@ledger/client';${use}`;
  expect(runScript('use.mjs', text)).toBe('true UNAVAILABLE 1');
});

it('can be required by a CommonJS module', () => {
  const text = `const { EntryKind, LedgerClient, LedgerError } = require('@ledger/client');${use}`;
  expect(runScript('use.cjs', text)).toBe('true UNAVAILABLE 1');
});

it('is one package for both, with the same classes and nothing more or less', () => {
  const text = `
    import { createRequire } from 'node:module';
    import * as imported from '@ledger/client';
    const required = createRequire(import.meta.url)('@ledger/client');
    const names = Object.keys(required).sort();
    const same = names.every((name) => imported[name] === required[name]);
    console.log(same, names.join());
  `;
  expect(runScript('both.mjs', text)).toBe(
    'true EntryKind,ErrorReason,HoldState,LedgerClient,LedgerError,SortOrder,toDate,toTimestamp',
  );
});

it('shares an abort signal among many calls without a warning of Node', () => {
  const text = `
    import { LedgerClient } from '@ledger/client';
    process.on('warning', ({ name }) => console.log(name));
    const client = new LedgerClient({ address: '127.0.0.1:1', retry: { maxAttempts: 2 } });
    const { signal } = new AbortController();
    const calls = Array.from({ length: 20 }, () => client.getBalance({ userId: 'ada', asset: 'GOLD' }, { signal }));
    console.log((await Promise.allSettled(calls)).length);
    client.close();
  `;
  expect(runScript('signal.mjs', text)).toBe('20');
});

it('has types for both', () => {
  const typed = `
    import { type CreditRequest, type CreditResponse, LedgerClient } from '@ledger/client';
    const request: CreditRequest = { userId: 'ada', asset: 'GOLD', amount: 1n };
    export async function use(client: LedgerClient): Promise<bigint> {
      const response: CreditResponse = await client.credit(request);
      // @ts-expect-error The amount is a bigint.
      await client.credit({ ...request, amount: 1 });
      for await (const { change } of client.listEntries(request)) return change;
      return response.replayed ? 0n : response.balance.balance;
    }
  `;
  writeFileSync(join(home, 'typed.mts'), typed);
  writeFileSync(join(home, 'typed.cts'), typed);
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext', '--target', 'es2023'];
  run(tsc, ...strict, '--noEmit', '--skipLibCheck', 'false', '--types', 'node', 'typed.mts', 'typed.cts');
}, 60_000);

it('names only files that it ships', () => {
  const manifest = readFileSync(join(packageDir, 'package.json'), 'utf8');
  expect(JSON.parse(manifest)).toMatchObject({ files: expect.arrayContaining(['dist', 'src']) });
  const named = new Set(manifest.match(/(?<="\.\/)(dist|src)\/[^"]+/g));
  expect(named.size).toBe(5);
  for (const path of named) {
    expect(existsSync(join(path.startsWith('dist/') ? installed : packageDir, path))).toBe(true);
  }
});
