import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CreditRequest, PurchaseRequest } from '../../services/ledger/src/gen/ledger/v1/ledger_service';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../services/ledger/src/embedded/embedded-postgres';
import { checkLedger } from '../support/check-ledger';
import { openDatabase } from '../support/test-database';
import { cpuSeconds, runLoad, startServer, type ServerProcess } from './processes';

/**
 * Purchases beside an empty rpc of the same messages through the same server code, alternating, on a Postgres of
 * its own with fsync, full_page_writes and synchronous_commit on. Every response is checked, and the books after
 * the run. Read the ratios: machines are shared and noisy.
 */

const options = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    calls: { type: 'string', default: '40000' },
    users: { type: 'string', default: '100000' },
    'in-flight': { type: 'string', default: '512' },
    json: { type: 'string' },
  },
}).values;
const rounds = Number(options.rounds);
const calls = Number(options.calls);
const users = Number(options.users);
const inFlight = Number(options['in-flight']);

interface Measurement {
  readonly side: string;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly serverMicros: number;
  readonly postgresMicros: number;
  readonly loadShare: number;
}

const PURCHASE = '/ledger.v1.LedgerService/Purchase';
const CREDIT = '/ledger.v1.LedgerService/Credit';
let requests = 0;

function userOf(index: number): string {
  return `user-${index.toString().padStart(6, '0')}`;
}

function purchases(count: number, user: () => number): string[] {
  return Array.from({ length: count }, () => {
    requests += 1;
    const request = PurchaseRequest.fromPartial({
      requestId: `0f8fad5b-d9cb-469f-a165-${requests.toString(16).padStart(12, '0')}`,
      userId: userOf(user()),
      subject: { $case: 'price', value: { asset: 'USD/2', amount: 1n } },
    });
    return Buffer.from(PurchaseRequest.encode(request).finish()).toString('base64');
  });
}

async function measure(
  side: string,
  server: ServerProcess,
  postgres: EmbeddedPostgres | null,
  messages: string[],
  concurrency: number,
): Promise<Measurement> {
  const before = [cpuSeconds(server.pid), postgres === null ? 0 : cpuSeconds(postgres.pid, true)] as const;
  const result = await runLoad({
    address: server.address,
    path: PURCHASE,
    messages,
    inFlight: concurrency,
    sessions: 4,
  });
  const after = [cpuSeconds(server.pid), postgres === null ? 0 : cpuSeconds(postgres.pid, true)] as const;
  if (result.failures > 0)
    throw new Error(`${side}: ${result.failures} calls failed, first ${result.firstFailure}`);
  return {
    side,
    perSecond: result.calls / result.seconds,
    p50Ms: result.latencyMs.p50,
    p99Ms: result.latencyMs.p99,
    serverMicros: ((after[0] - before[0]) / result.calls) * 1e6,
    postgresMicros: ((after[1] - before[1]) / result.calls) * 1e6,
    loadShare: result.cpuSeconds / result.seconds,
  };
}

async function seed(server: ServerProcess): Promise<void> {
  const messages = Array.from({ length: users }, (_, index) =>
    Buffer.from(
      CreditRequest.encode(
        CreditRequest.fromPartial({
          requestId: `seed-${index}`,
          userId: userOf(index),
          asset: 'USD/2',
          amount: 1_000_000_000n,
        }),
      ).finish(),
    ).toString('base64'),
  );
  const result = await runLoad({
    address: server.address,
    path: CREDIT,
    messages,
    inFlight: 512,
    sessions: 4,
  });
  if (result.failures > 0) throw new Error(`seeding failed: ${result.firstFailure}`);
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function summarise(measurements: readonly Measurement[]): Map<string, Measurement> {
  const sides = [...new Set(measurements.map((each) => each.side))];
  return new Map(
    sides.map((side) => {
      const of = (key: Exclude<keyof Measurement, 'side'>): number =>
        median(measurements.filter((each) => each.side === side).map((each) => each[key]));
      const summary: Measurement = {
        side,
        perSecond: of('perSecond'),
        p50Ms: of('p50Ms'),
        p99Ms: of('p99Ms'),
        serverMicros: of('serverMicros'),
        postgresMicros: of('postgresMicros'),
        loadShare: of('loadShare'),
      };
      return [side, summary];
    }),
  );
}

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'ledger-bench-'));
  await chmod(directory, 0o755);
  const postgres = await startEmbeddedPostgres({ dataDir: directory, log: () => undefined });
  const ledger = await startServer('services/ledger/dist/main.js', { DATABASE_URL: postgres.url });
  const noop = await startServer('test/bench/noop-server.ts', {});
  try {
    process.stderr.write(`seeding ${users} users\n`);
    await seed(ledger);
    const uniform = (): number => Math.floor(Math.random() * users);
    const measurements: Measurement[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      process.stderr.write(round === 0 ? 'warming up\n' : `round ${round} of ${rounds}\n`);
      const turn = [
        await measure('noop', noop, null, purchases(calls, uniform), inFlight),
        await measure('purchase, uniform', ledger, postgres, purchases(calls, uniform), inFlight),
        await measure(
          'purchase, one hot account',
          ledger,
          postgres,
          purchases(calls, () => 0),
          inFlight,
        ),
        await measure('noop, one caller', noop, null, purchases(calls / 40, uniform), 1),
        await measure('purchase, one caller', ledger, postgres, purchases(calls / 40, uniform), 1),
      ];
      if (round > 0) measurements.push(...turn);
    }
    const violations = await checkLedger(openDatabase(postgres.url));
    if (violations.length > 0) throw new Error(`the books are wrong: ${violations.slice(0, 3).join('; ')}`);
    await report(summarise(measurements));
  } finally {
    await ledger.stop();
    await noop.stop();
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function report(summary: Map<string, Measurement>): Promise<void> {
  console.table(
    [...summary.values()].map((each) => ({
      side: each.side,
      'calls/s': Math.round(each.perSecond),
      'p50 ms': Number(each.p50Ms.toFixed(2)),
      'p99 ms': Number(each.p99Ms.toFixed(2)),
      'server µs CPU': Number(each.serverMicros.toFixed(1)),
      'Postgres µs CPU': Number(each.postgresMicros.toFixed(1)),
      'load generator, cores': Number(each.loadShare.toFixed(2)),
    })),
  );
  const get = (side: string): Measurement => {
    const found = summary.get(side);
    if (found === undefined) throw new Error(`${side} was not measured`);
    return found;
  };
  const [noop, uniform, hot] = [get('noop'), get('purchase, uniform'), get('purchase, one hot account')];
  const ratios = {
    purchase_vs_noop: uniform.perSecond / noop.perSecond,
    server_cpu_vs_noop: uniform.serverMicros / noop.serverMicros,
    hot_vs_uniform: hot.perSecond / uniform.perSecond,
  };
  console.log(JSON.stringify({ ratios }, null, 2));
  if (options.json !== undefined) {
    await writeFile(options.json, JSON.stringify({ ratios, sides: [...summary.values()] }, null, 2));
  }
}

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
