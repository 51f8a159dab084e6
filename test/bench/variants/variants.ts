import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench, Measured } from '../bench';
import { checkLoadGenerator } from '../check-load-generator';
import type { ClientLoadSpec } from '../load/client-load';
import type { Traffic } from '../load/traffic';
import type { LoadResult, LoadSpec, Pace } from '../load/load-spec';
import type { Distribution } from '../random';
import { startServer, type ServerProcess } from '../server-process';
import { LoadGenerator } from '../load-generator';
import { checkCopy, copySchema, PER_REQUEST_SCHEMA } from './copied-schema';
import { RAW_SCHEMA, rawFunction, type RawSpec } from './raw-spec';
import { seedLedger } from './seed-ledger';
import { checkSum } from './sum-schema';

const LEDGER_SCRIPT = 'services/ledger/dist/main.js';

/** The database of another build. */
const OTHER_BUILD = 'bench_other_build';

const SESSIONS = 4;
/** This many raw clients, each with one transaction at a time, use about as much of Postgres as purchases do. */
const BUSY_CLIENTS = 2;
/** The time between ordering a load and its start, in which its calls are encoded. */
const BUSY_MARGIN_SECONDS = 2;
/** Long enough to tell good pool sizes from bad ones. */
const TRIAL_SECONDS = 1;
/** Between two looks at how many writes are booked. */
const SETTLE_MS = 500;
const QUICK_TRIAL_SECONDS = 0.3;
const WARM_UP_SECONDS = 6;
const QUICK_WARM_UP_SECONDS = 2.5;
const WARM_UP_IN_FLIGHT = 512;
/** The most calls that one caller could send in a second. No more are encoded, because encoding takes time. */
const CALLS_PER_CALLER_MAX = 12_000;
/** More than one transaction per request can achieve. */
const PER_REQUEST_CALLS_MAX = 10_000;

/** The load of one turn. */
export interface Turn {
  readonly traffic: Omit<Traffic, 'seed' | 'run' | 'users'>;
  readonly pace: Pace;
  /** Whether a stream watches all entries during the load. */
  readonly watched?: boolean;
  /** How long callers wait; see LoadSpec. */
  readonly timeoutMs?: number;
  /** Connections, unless the usual number. */
  readonly sessions?: number;
}

/** The compared variants. Each is created when it is first used, and is kept until the end. */
export class Variants {
  private readonly made = new Map<string, Promise<unknown>>();
  private readonly ledgers = new Set<ServerProcess>();
  private readonly toStop: (() => Promise<void>)[] = [];
  /** The expected number of requests by copied schema. */
  private readonly requests = new Map<string, number>();
  /** The number of writes that the ledger has answered. */
  ledgerWrites = 0;
  /** The expected number of rows in the table of the sum design; null when there is no table. */
  sumRows: number | null = null;

  constructor(private readonly bench: Bench) {}

  /** The ledger server, with seeded accounts. */
  ledger(): Promise<ServerProcess> {
    return this.once('ledger', async () => {
      const server = await this.startLedger({});
      this.bench.progress(`${this.bench.options.users} accounts are created`);
      await seedLedger(this.bench, server);
      this.ledgerWrites += this.bench.options.users;
      await checkLoadGenerator(this.bench, server);
      await this.warmUp(server);
      await this.bench.environment.admin.query('VACUUM (ANALYZE)');
      return server;
    });
  }

  /** Starts another ledger server on the same database. */
  async startLedger(env: Record<string, string>): Promise<ServerProcess> {
    const server = await startServer(LEDGER_SCRIPT, {
      env: { DATABASE_URL: this.bench.environment.url, ...env },
    });
    this.toStop.push(() => server.stop());
    this.ledgers.add(server);
    return server;
  }

  /**
   * The server of another checkout of this repository, with as many seeded accounts, on a database of its own: its schema
   * may be another one. What it writes is not checked.
   */
  ledgerOf(checkout: string): Promise<ServerProcess> {
    return this.once(`ledger of ${checkout}`, async () => {
      const { admin, url } = this.bench.environment;
      await admin.query(`CREATE DATABASE ${OTHER_BUILD}`);
      const own = new URL(url);
      own.pathname = `/${OTHER_BUILD}`;
      const server = await startServer(resolve(checkout, LEDGER_SCRIPT), { env: { DATABASE_URL: own.href } });
      this.toStop.push(() => server.stop());
      await seedLedger(this.bench, server);
      await this.warmUp(server);
      return server;
    });
  }

  noop(): Promise<ServerProcess> {
    return this.once('noop', async () => {
      const server = await this.startDesign('noop', 1);
      await this.warmUp(server);
      return server;
    });
  }

  /** The empty rpc while others keep Postgres busy: the ceiling for a server that shares the machine with Postgres. */
  async noopBesidePostgres(turn: Turn): Promise<Measured> {
    await this.copy(RAW_SCHEMA);
    const noop = await this.noop();
    const seconds = turn.pace.seconds + BUSY_MARGIN_SECONDS;
    const busy = this.runRaw({ distribution: 'uniform', clients: BUSY_CLIENTS, seconds });
    const [measured] = await Promise.all([this.drive('noop beside Postgres', noop, turn), busy]);
    return measured;
  }

  sum(): Promise<ServerProcess> {
    return this.once('sum', () => this.startDesign('sum', 10));
  }

  /** Sends one load to one server and counts what it wrote. */
  async drive(name: string, server: ServerProcess, turn: Turn): Promise<Measured> {
    const measured = await this.bench.drive(name, server, this.specOf(turn));
    if (this.ledgers.has(server)) await this.countWrites(measured.result);
    return measured;
  }

  /** Sends purchases from a process with a client of the ledger, and counts what they wrote. */
  async driveClient(
    name: string,
    server: ServerProcess,
    spec: Pick<ClientLoadSpec, 'client' | 'inFlight' | 'seconds'>,
  ): Promise<Measured> {
    const clients = await this.once('clients', async () => {
      const started = await LoadGenerator.start<ClientLoadSpec>('load/client-process.ts');
      this.toStop.push(() => started.stop());
      return started;
    });
    const { users, seed } = this.bench.options;
    const run = this.bench.nextRun();
    await clients.prepare({ ...spec, address: server.address, users, run, seed: seed + run });
    const measured = await this.bench.measure(name, server.pid, () => clients.run());
    // And the one by which it connected.
    if (this.ledgers.has(server)) this.ledgerWrites += measured.result.writes + 1;
    return measured;
  }

  /** Sends a load from a generator of its own beside others, and counts what it wrote. */
  async runBeside(
    generator: LoadGenerator<LoadSpec>,
    server: ServerProcess,
    turn: Turn,
  ): Promise<LoadResult> {
    await generator.prepare({ ...this.specOf(turn), address: server.address });
    return generator.run();
  }

  /** Another load generator. */
  generator(name: string): Promise<LoadGenerator<LoadSpec>> {
    return this.once(`generator ${name}`, async () => {
      const started = await LoadGenerator.start<LoadSpec>('load/load-process.ts');
      this.toStop.push(() => started.stop());
      return started;
    });
  }

  /** Counts what loads wrote that ran side by side; of calls that nobody waited for, only the database knows it. */
  async countWrites(...results: readonly LoadResult[]): Promise<void> {
    this.ledgerWrites += results.reduce((sum, { writes }) => sum + writes, 0);
    if (results.every(({ missed }) => missed === 0)) return;
    const answered = this.ledgerWrites;
    // What was started is booked although nobody waits: the writers have to come to rest first.
    for (let before = -1; before !== this.ledgerWrites;) {
      before = this.ledgerWrites;
      await delay(SETTLE_MS);
      const { rows } = await this.bench.environment.admin.query<{ booked: string }>(
        'SELECT count(*)::text AS booked FROM ledger.transactions',
      );
      this.ledgerWrites = Number(rows[0]?.booked ?? 0);
    }
    if (this.ledgerWrites < answered)
      throw new Error(`${answered} writes were answered, and ${this.ledgerWrites} are booked`);
  }

  private specOf({
    traffic,
    pace,
    watched = false,
    timeoutMs,
    sessions = SESSIONS,
  }: Turn): Omit<LoadSpec, 'address'> {
    const { users, seed } = this.bench.options;
    const run = this.bench.nextRun();
    const calls = { ...traffic, users, run, seed: seed + run };
    const spec = { calls, pace, watched, sessions };
    return timeoutMs === undefined ? spec : { ...spec, timeoutMs };
  }

  /** The per-request design with the best pool size for the distribution. */
  async perRequest(distribution: Distribution, inFlight: number): Promise<PerRequest> {
    await this.copy(PER_REQUEST_SCHEMA);
    const poolSize = await this.once(`per-request pool ${distribution} ${Math.min(inFlight, 2)}`, () =>
      this.bestPool(distribution, inFlight),
    );
    return this.perRequestOf(poolSize);
  }

  /** Function calls over the best number of plain connections. */
  async raw(distribution: Distribution): Promise<Raw> {
    await this.copy(RAW_SCHEMA);
    const clients = await this.once(`raw clients ${distribution}`, () =>
      this.best(`raw function, ${distribution}`, 'clients', [8, 16, 32, 64], (size) =>
        this.runRaw({ distribution, clients: size, seconds: this.trialSeconds }),
      ),
    );
    return { clients, run: (seconds) => this.runRaw({ distribution, clients, seconds }) };
  }

  /** Bulk inserts over the best number of plain connections. */
  async rawBulk(bulk: number): Promise<Raw> {
    await this.copy(RAW_SCHEMA);
    const distribution = 'uniform';
    const clients = await this.once('raw bulk clients', () =>
      this.best('raw bulk inserts', 'clients', [1, 2, 4], (size) =>
        this.runRaw({ distribution, clients: size, seconds: this.trialSeconds, bulk }),
      ),
    );
    return { clients, run: (seconds) => this.runRaw({ distribution, clients, seconds, bulk }) };
  }

  /** Describes what is wrong with the rows of all variants other than the ledger. */
  async check(): Promise<string[]> {
    const faults: string[] = [];
    for (const [schema, requests] of this.requests) {
      this.bench.progress(`${schema}: ${requests} requests are checked`);
      faults.push(...(await checkCopy(this.bench.environment.admin, schema, requests)));
    }
    if (this.sumRows !== null) {
      faults.push(...(await checkSum(this.bench.environment.admin, this.sumRows)));
    }
    return faults;
  }

  async stop(): Promise<void> {
    await Promise.all(this.toStop.splice(0).map((stop) => stop()));
  }

  private get trialSeconds(): number {
    return this.bench.options.quick ? QUICK_TRIAL_SECONDS : TRIAL_SECONDS;
  }

  private once<T>(name: string, make: () => Promise<T>): Promise<T> {
    let made = this.made.get(name) as Promise<T> | undefined;
    if (made === undefined) this.made.set(name, (made = make()));
    return made;
  }

  /** Runs a new process until the JIT compiler has optimised its code: the first turns would be slow otherwise. */
  private async warmUp(server: ServerProcess): Promise<void> {
    const seconds = this.bench.options.quick ? QUICK_WARM_UP_SECONDS : WARM_UP_SECONDS;
    await this.drive('warm-up', server, purchases('uniform', WARM_UP_IN_FLIGHT, seconds));
  }

  private async startDesign(name: string, poolSize: number): Promise<ServerProcess> {
    const server = await startServer('test/bench/variants/design-server.ts', {
      args: [name],
      env: { DATABASE_URL: this.bench.environment.url, POOL_SIZE: poolSize.toString() },
    });
    this.toStop.push(() => server.stop());
    return server;
  }

  private copy(schema: string): Promise<void> {
    return this.once(`schema ${schema}`, async () => {
      await this.ledger();
      this.bench.progress(`${schema} is created`);
      const { admin } = this.bench.environment;
      this.requests.set(schema, await copySchema(admin, schema));
      if (schema === RAW_SCHEMA) await admin.query(rawFunction);
    });
  }

  private perRequestOf(poolSize: number): Promise<PerRequest> {
    return this.once(`per-request server ${poolSize}`, async () => {
      const server = await this.startDesign('per-request', poolSize);
      return {
        poolSize,
        drive: async ({ traffic, pace }: Turn) => {
          const callsMax = Math.ceil(pace.seconds * PER_REQUEST_CALLS_MAX);
          const limited = pace.loop === 'closed' ? { ...pace, callsMax } : pace;
          const name = `per-request, pool ${poolSize}`;
          const measured = await this.drive(name, server, { traffic, pace: limited });
          this.count(PER_REQUEST_SCHEMA, measured);
          return measured;
        },
      };
    });
  }

  private bestPool(distribution: Distribution, inFlight: number): Promise<number> {
    return this.best(
      `per-request, ${distribution}, ${inFlight} in flight`,
      'pool',
      [10, 20, 40],
      async (size) => {
        const variant = await this.perRequestOf(size);
        return variant.drive(purchases(distribution, inFlight, this.trialSeconds));
      },
    );
  }

  private async best(
    name: string,
    what: string,
    sizes: readonly number[],
    run: (size: number) => Promise<Measured>,
  ): Promise<number> {
    let best = { size: 0, perSecond: 0 };
    const tried: string[] = [];
    for (const size of sizes) {
      // The first run warms up the process.
      await run(size);
      const { perSecond } = (await run(size)).figures;
      tried.push(`${size}: ${Math.round(perSecond)}/s`);
      if (perSecond > best.perSecond) best = { size, perSecond };
    }
    this.bench.progress(`${name}: the best ${what} is ${best.size} (${tried.join(', ')})`);
    return best.size;
  }

  private async runRaw(
    spec: Pick<RawSpec, 'clients' | 'distribution' | 'seconds' | 'bulk'>,
  ): Promise<Measured> {
    const worker = await this.once('raw worker', async () => {
      const started = await LoadGenerator.start<RawSpec>('variants/raw-clients.ts');
      this.toStop.push(() => started.stop());
      return started;
    });
    const { options, environment } = this.bench;
    const run = this.bench.nextRun();
    const outcomeBytes = await this.once('outcome bytes', () => this.outcomeBytes());
    await worker.prepare({
      ...{ ...spec, url: environment.url, users: options.users, seed: options.seed + run, run, outcomeBytes },
    });
    const measured = await this.bench.measure('raw', null, () => worker.run());
    this.count(RAW_SCHEMA, measured);
    return measured;
  }

  /** The average size of a stored response of the ledger. */
  private async outcomeBytes(): Promise<number> {
    const { rows } = await this.bench.environment.admin.query<{ bytes: string }>(
      'SELECT avg(octet_length(outcome))::int AS bytes FROM (SELECT outcome FROM ledger.requests LIMIT 1000) r',
    );
    return Number(rows[0]?.bytes ?? 0);
  }

  private count(schema: string, { result }: Measured): void {
    this.requests.set(schema, (this.requests.get(schema) ?? 0) + result.writes);
  }
}

/** The per-request design behind a gRPC server. */
export interface PerRequest {
  readonly poolSize: number;
  drive(turn: Turn): Promise<Measured>;
}

/** Work over plain connections. */
export interface Raw {
  readonly clients: number;
  run(seconds: number): Promise<Measured>;
}

/** A closed loop of purchases. */
export function purchases(distribution: Distribution, inFlight: number, seconds: number): Turn {
  return closed({ kind: 'purchase', distribution }, inFlight, seconds);
}

/** A closed loop: each caller sends its next call as soon as it has its response. */
export function closed(traffic: Turn['traffic'], inFlight: number, seconds: number): Turn {
  const callsMax = Math.ceil(seconds * inFlight * CALLS_PER_CALLER_MAX);
  return { traffic, pace: { loop: 'closed', inFlight, seconds, callsMax } };
}
