import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  workspaces: string[];
  scripts: { start: string };
};
const numberOf = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1]);

describe('the image', () => {
  const dockerfile = read('Dockerfile');

  it('installs from the manifest of every workspace, before it copies any source', () => {
    const [manifests = '', sources] = dockerfile.split('COPY tsconfig.base.json');
    expect(sources).toBeDefined();
    for (const workspace of manifest.workspaces) {
      expect(manifests).toContain(`\nCOPY ${workspace}/package.json ${workspace}/\n`);
    }
  });

  it('runs the server with the options of npm start', () => {
    const options = manifest.scripts.start.split(' ').filter((word) => word.startsWith('--'));
    expect(options.length).toBeGreaterThan(0);
    for (const option of options) expect(dockerfile).toContain(`"${option}", `);
  });

  it('has the compiled files of every package that the server and ledgerctl import', () => {
    const names = execFileSync('git', ['ls-files', '*package.json'], { cwd: ROOT, encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((file) => ({ folder: file.replace('/package.json', ''), ...parsed(read(file)) }));
    const needed = new Set(['@ledger/service', '@ledger/ledgerctl']);
    for (const name of needed) {
      const { folder, dependencies = {} } = names.find((one) => one.name === name) ?? { folder: '' };
      expect(dockerfile).toContain(`/app/${folder}/dist ./${folder}/dist`);
      for (const other of Object.keys(dependencies)) if (other.startsWith('@ledger/')) needed.add(other);
    }
    expect(needed.size).toBeGreaterThan(4);
  });
});

describe('on Kubernetes', () => {
  const deployment = read('deploy/kubernetes/server/deployment.yaml');

  it('a server has time for preStop, its calls and its connections before it is killed', () => {
    const grace = numberOf(deployment, /terminationGracePeriodSeconds: (\d+)/);
    const shutdown = numberOf(deployment, /LEDGER_SHUTDOWN_TIMEOUT_MS\n +value: '(\d+)'/) / 1_000;
    const preStop = numberOf(deployment, /command: \['sleep', '(\d+)'\]/);
    // 15 seconds beyond the server's own limit: STOP_GRACE_MS in services/ledger/src/commands/serve.ts.
    expect(grace).toBeGreaterThanOrEqual(preStop + shutdown + 15);
  });

  it('a server that lost its database is not restarted for that', () => {
    expect(deployment).toMatch(/readinessProbe:\n +grpc:/);
    expect(deployment).toMatch(/livenessProbe:\n +tcpSocket:/);
  });
});

function parsed(text: string) {
  return JSON.parse(text) as { name: string; dependencies?: Record<string, string> };
}
