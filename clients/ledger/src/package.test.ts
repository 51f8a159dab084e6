import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

const root = join(__dirname, '../../..');
const tsc = require.resolve('typescript/lib/tsc.js');
const nodeModules = join(dirname(tsc), '../..');

let home: string;
/** What a user of the packages has: the unpacked tarballs, and the packages that they depend on. */
let consumer: string;
/** The files in the tarball of each package. */
const packed = new Map<string, string[]>();

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'ledger-client-'));
  const clone = freshClone();
  consumer = join(home, 'consumer');
  mkdirSync(join(consumer, 'node_modules/@ledger'), { recursive: true });
  for (const scope of ['@bufbuild', '@grpc', '@types']) {
    symlinkSync(join(nodeModules, scope), join(consumer, 'node_modules', scope));
  }
  installTarball('@ledger/proto', join(clone, 'proto'));
  installTarball('@ledger/client', join(clone, 'clients/ledger'));
}, 240_000);

afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The sources of both packages without anything that was built, beside the installed dependencies. */
function freshClone(): string {
  const clone = join(home, 'clone');
  mkdirSync(join(clone, 'node_modules/@ledger'), { recursive: true });
  for (const name of readdirSync(nodeModules)) {
    if (name !== '@ledger') symlinkSync(join(nodeModules, name), join(clone, 'node_modules', name));
  }
  symlinkSync(join(clone, 'proto'), join(clone, 'node_modules/@ledger/proto'));
  cpSync(join(root, 'tsconfig.base.json'), join(clone, 'tsconfig.base.json'));
  for (const folder of ['proto', 'clients/ledger']) {
    cpSync(join(root, folder), join(clone, folder), {
      recursive: true,
      filter: (path) => !['dist', 'node_modules'].includes(basename(path)),
    });
  }
  return clone;
}

function installTarball(name: string, packageDir: string): void {
  const before = readdirSync(home);
  run('npm', ['pack', '--pack-destination', home], packageDir);
  const [tarball = ''] = readdirSync(home).filter((file) => !before.includes(file));
  const target = join(consumer, 'node_modules', name);
  mkdirSync(target);
  run('tar', ['-xzf', join(home, tarball), '-C', target, '--strip-components=1'], home);
  packed.set(name, readdirSync(target, { recursive: true, encoding: 'utf8' }));
}

function run(command: string, args: readonly string[], cwd = consumer): string {
  const env = {
    ...process.env,
    npm_config_cache: join(home, 'npm-cache'),
    npm_config_update_notifier: 'false',
  };
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${stdout}${stderr}`, { cause: error });
  return stdout.trim();
}

function runScript(name: string, text: string): string {
  writeFileSync(join(consumer, name), text);
  return run(process.execPath, [name]);
}

describe.each(['@ledger/proto', '@ledger/client'])('%s', (name) => {
  it('contains its licence and its build, and no tests', () => {
    const files = packed.get(name) ?? [];
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'package.json', 'dist']));
    expect(files.filter((file) => /\.test\.|tsbuildinfo/.test(file))).toEqual([]);
    const licence = join(consumer, 'node_modules', name, 'LICENSE');
    expect(readFileSync(licence, 'utf8')).toBe(readFileSync(join(root, 'LICENSE'), 'utf8'));
  });

  it('says what it is and where it comes from, and takes compatible versions of what it depends on', () => {
    const manifest: unknown = JSON.parse(readManifest(name));
    expect(manifest).toMatchObject({
      name,
      license: 'Apache-2.0',
      description: expect.stringMatching(/./),
      keywords: expect.arrayContaining(['ledger']),
      repository: { type: 'git', directory: expect.any(String) },
    });
    const { dependencies } = manifest as { dependencies: Record<string, string> };
    for (const range of Object.values(dependencies)) expect(range).toMatch(/^\^\d+\.\d+\.\d+$/);
  });

  it('names only files that it contains', () => {
    const named = new Set(readManifest(name).match(/(?<="\.\/)(dist|src|gen)\/[^"*]+(?=")/g));
    for (const path of named) expect(existsSync(join(consumer, 'node_modules', name, path))).toBe(true);
  });
});

function readManifest(name: string): string {
  return readFileSync(join(consumer, 'node_modules', name, 'package.json'), 'utf8');
}

const useClient = `
  const client = new LedgerClient({ address: '127.0.0.1:1', retry: { maxAttempts: 1 } });
  client.getBalance({ userId: 'ada', asset: 'GOLD' }).catch((error) => {
    console.log(error instanceof LedgerError, error.codeName, EntryKind.CREDIT);
    client.close();
  });
`;

it('can be imported by an ES module', () => {
  const text = `import { EntryKind, LedgerClient, LedgerError } from '@ledger/client';${useClient}`;
  expect(runScript('use.mjs', text)).toBe('true UNAVAILABLE 1');
});

it('can be required by a CommonJS module', () => {
  const text = `const { EntryKind, LedgerClient, LedgerError } = require('@ledger/client');${useClient}`;
  expect(runScript('use.cjs', text)).toBe('true UNAVAILABLE 1');
});

it.each([
  [
    '@ledger/client',
    'EntryKind,ErrorReason,HoldState,LedgerClient,LedgerError,SortOrder,credentials,exactBalance,exactBalanceAfter,exactDebitsAfter,toDate,toTimestamp',
  ],
  ['@ledger/client/json', 'toJson'],
  ['@ledger/client/testing', 'fails,refuses,replies,sends,startScriptedLedger,staysSilent'],
])('%s exports the same values to both module systems, and nothing else', (entry, names) => {
  const text = `
    import { createRequire } from 'node:module';
    import * as imported from '${entry}';
    const required = createRequire(import.meta.url)('${entry}');
    const names = Object.keys(required).sort();
    const same = names.every((name) => imported[name] === required[name]);
    console.log(same, names.join());
  `;
  expect(runScript('both.mjs', text)).toBe(`true ${names}`);
});

it.each([
  ['an ES module', 'esm', 'bundle.mjs'],
  ['a CommonJS module', 'cjs', 'bundle.cjs'],
])('can be bundled as %s', (_, format, bundle) => {
  const text = `
    import { EntryKind, LedgerClient, LedgerError } from '@ledger/client';
    import { toJson } from '@ledger/client/json';
    console.log(toJson('GetBalanceResponse', { balance: undefined }));${useClient}`;
  writeFileSync(join(consumer, 'to-bundle.mjs'), text);
  // grpc-js requires what Node has built in, also inside an ES module.
  const banner =
    "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  const esbuild = [
    join(nodeModules, '.bin/esbuild'),
    'to-bundle.mjs',
    '--bundle',
    '--platform=node',
  ] as const;
  const [command, ...args] = [...esbuild, `--format=${format}`, `--outfile=${join(home, bundle)}`];
  run(command, format === 'esm' ? [...args, `--banner:js=${banner}`] : args);
  // Away from the packages: all is in the one file.
  expect(run(process.execPath, [bundle], home)).toBe('{}\ntrue UNAVAILABLE 1');
});

it('refuses the credentials of another copy of grpc-js with an error that says what to use', () => {
  const copy = join(consumer, 'node_modules/grpc-copy');
  cpSync(join(nodeModules, '@grpc/grpc-js'), copy, { recursive: true });
  for (const name of ['@grpc', '@js-sdsl']) {
    mkdirSync(join(copy, 'node_modules'), { recursive: true });
    symlinkSync(join(nodeModules, name), join(copy, 'node_modules', name));
  }
  const text = `
    const { credentials } = require('grpc-copy');
    const { LedgerClient, LedgerError } = require('@ledger/client');
    try {
      new LedgerClient({ credentials: credentials.createInsecure() });
    } catch (error) {
      console.log(error instanceof LedgerError, error.codeName, error.message.includes('use the \`credentials\`'));
    }
  `;
  expect(runScript('copy.cjs', text)).toBe('true INVALID_ARGUMENT true');
});

it('exports the contract as code, as descriptors and as protos', () => {
  const text = `
    import { createRequire } from 'node:module';
    import { Balance } from '@ledger/proto/ledger/v1/ledger';
    import { DESCRIPTOR_SET_BASE64 } from '@ledger/proto/descriptors';
    const proto = createRequire(import.meta.url).resolve('@ledger/proto/ledger/v1/ledger.proto');
    console.log(Balance.fromPartial({ balance: 5n }).balance, DESCRIPTOR_SET_BASE64.length > 1000, proto.endsWith('.proto'));
  `;
  expect(runScript('proto.mjs', text)).toBe('5n true true');
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

it('has types for both module systems, and the test in the README compiles and passes', () => {
  const typed = `
    import { type CreditRequest, type CreditResponse, LedgerClient } from '@ledger/client';
    import { toJson } from '@ledger/client/json';
    import { replies, type Script } from '@ledger/client/testing';
    const request: CreditRequest = { userId: 'ada', asset: 'GOLD', amount: 1n };
    export async function use(client: LedgerClient): Promise<bigint> {
      const response: CreditResponse = await client.credit(request);
      // @ts-expect-error The amount is a bigint.
      await client.credit({ ...request, amount: 1 });
      JSON.stringify(toJson('CreditResponse', response));
      // @ts-expect-error A balance is no transaction.
      toJson('Transaction', response.balance);
      for await (const { change } of client.listEntries(request)) return change;
      return response.replayed ? 0n : response.balance.balance;
    }
    export const script: Script = { credit: [replies({ balance: { balance: 1n } })] };
    // @ts-expect-error The response of a credit has no hold.
    export const wrong: Script = { credit: [replies({ hold: {} })] };
  `;
  writeFileSync(join(consumer, 'typed.mts'), typed);
  writeFileSync(join(consumer, 'typed.cts'), typed);
  writeFileSync(join(consumer, 'readme.mts'), readmeTest());
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext', '--target', 'es2023'];
  const files = ['typed.mts', 'typed.cts', 'readme.mts'];
  run(process.execPath, [tsc, ...strict, '--skipLibCheck', 'false', '--types', 'node', ...files]);
  expect(run(process.execPath, ['readme.mjs'])).toBe('');
}, 60_000);

function readmeTest(): string {
  const readme = readFileSync(join(consumer, 'node_modules/@ledger/client/README.md'), 'utf8');
  const [, section = ''] = readme.split('## Testing your code\n');
  const [, code = ''] = /```ts\n(.*?)```/s.exec(section) ?? [];
  expect(code).toContain('startScriptedLedger');
  return code;
}
