import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { repeatFailedCall } from './repeat-failed-call';
import { checkResponse, inspectResponse } from './check-response';
import { Http2Session, requestHeaders } from './http2-session';
import type { Latency, LoadResult, LoadSpec } from './load-spec';
import type { PreparedWork } from '../load-generator-messages';
import { callsOf, methods, prepared, writes, type Method, type PreparedCall } from './traffic';

/** One response in this many is decoded and inspected. */
const INSPECTED_EVERY = 64;
/** More than any server here can answer. A run that has sent all its messages ends early. */
const CALLS_PER_SECOND_MAX = 40_000;
/** At most this many different reads are encoded; then they repeat. */
const READS_MAX = 20_000;
const OPEN_LOOP_STEP_MS = 1;
/** Deadlines are told in steps of this. */
const TIMEOUT_STEP_MS = 10;

/** Called with every response. */
export type OnResponse = (call: PreparedCall, body: Buffer, now: number) => void;

/** Connects and encodes all messages beforehand, so that the run only sends them. */
export async function prepareLoad(spec: LoadSpec, onResponse?: OnResponse): Promise<PreparedWork> {
  const sessions = await Promise.all(
    Array.from({ length: spec.sessions }, () => Http2Session.open(spec.address)),
  );
  const calls = encode(spec);
  return { run: () => new LoadRun(spec, sessions, calls, onResponse).run() };
}

interface Encoded {
  readonly calls: readonly PreparedCall[];
  /** How many calls are sent at most. */
  readonly max: number;
}

function encode({ calls, pace }: LoadSpec): Encoded {
  const max =
    pace.loop === 'open'
      ? Math.ceil(pace.perSecond * pace.seconds)
      : Math.min(pace.callsMax, Math.ceil(pace.seconds * CALLS_PER_SECOND_MAX));
  if ('kind' in calls) {
    const count = writes(calls.kind) ? max : Math.min(max, READS_MAX);
    return { max, calls: firstOf(callsOf(calls), count) };
  }
  const list = calls.map(({ method, message, mark, group, operations }) =>
    prepared(method, Buffer.from(message, 'base64'), mark, { group, operations }),
  );
  return { calls: list, max };
}

function firstOf<T>(values: Iterable<T>, count: number): T[] {
  const taken: T[] = [];
  for (const value of values) {
    taken.push(value);
    if (taken.length >= count) break;
  }
  return taken;
}

class LoadRun {
  private readonly latencies: Float64Array;
  private readonly groups: Uint8Array;
  private readonly headers: ReadonlyMap<Method, (leftMs: number) => Buffer>;
  private next = 0;
  private finished = 0;
  private operations = 0;
  private writes = 0;
  private failures = 0;
  private missed = 0;
  private firstFailure = '';
  private failedCall: PreparedCall | undefined;
  private lastResponse = 0;
  private stopped = false;
  private resolve: () => void = () => undefined;

  constructor(
    private readonly spec: LoadSpec,
    private readonly sessions: readonly Http2Session[],
    private readonly encoded: Encoded,
    private readonly onResponse: OnResponse | undefined,
  ) {
    this.latencies = new Float64Array(encoded.max);
    this.groups = new Uint8Array(encoded.max);
    this.headers = new Map(
      Object.entries(methods).map(([method, path]) => [method as Method, headersOf(spec, path)]),
    );
  }

  async run(): Promise<LoadResult> {
    const cpu = process.cpuUsage();
    const started = performance.now();
    const allResponses = new Promise<void>((resolve) => (this.resolve = resolve));
    if (this.spec.pace.loop === 'closed') this.sendClosed(started);
    else await this.sendOpen(started);
    await allResponses;
    const used = process.cpuUsage(cpu);
    for (const session of this.sessions) session.close();
    if (this.failedCall !== undefined) {
      this.firstFailure += `; sent again: ${await repeatFailedCall(this.spec.address, this.failedCall)}`;
    }
    const latencies = this.latencies.subarray(0, this.finished);
    const groupCount = this.groups.subarray(0, this.finished).reduce((a, b) => Math.max(a, b), 0) + 1;
    return {
      seconds: (this.lastResponse - started) / 1_000,
      calls: this.finished,
      operations: this.operations,
      writes: this.writes,
      failures: this.failures,
      firstFailure: this.firstFailure,
      missed: this.missed,
      groups: Array.from({ length: groupCount }, (_, group) =>
        percentiles(latencies.filter((_value, index) => this.groups[index] === group)),
      ),
      latencyMs: percentiles(latencies),
      cpuSeconds: (used.user + used.system) / 1e6,
    };
  }

  private sendClosed(started: number): void {
    const { pace } = this.spec;
    if (pace.loop !== 'closed') return;
    const end = started + pace.seconds * 1_000;
    const again = (session: Http2Session): void => {
      const now = performance.now();
      if (this.next >= this.encoded.max || now >= end || this.failures > 0) this.stop();
      else this.send(session, now, () => again(session));
    };
    for (let caller = 0; caller < pace.inFlight; caller += 1) again(this.sessionOf(caller));
  }

  private async sendOpen(started: number): Promise<void> {
    const { pace } = this.spec;
    if (pace.loop !== 'open') return;
    const intervalMs = 1_000 / pace.perSecond;
    while (this.next < this.encoded.max && this.failures === 0) {
      for (
        let due = started + this.next * intervalMs;
        due <= performance.now() && this.next < this.encoded.max;
        due = started + this.next * intervalMs
      ) {
        this.send(this.sessionOf(this.next), due, () => undefined);
      }
      await delay(OPEN_LOOP_STEP_MS);
    }
    this.stop();
  }

  private stop(): void {
    this.stopped = true;
    if (this.ended === this.next) this.resolve();
  }

  private get ended(): number {
    return this.finished + this.missed;
  }

  /** @param since when the latency begins */
  private send(session: Http2Session, since: number, then: () => void): void {
    const index = this.next;
    this.next += 1;
    const call = this.encoded.calls[index % this.encoded.calls.length];
    const headers = call === undefined ? undefined : this.headers.get(call.method);
    if (call === undefined || headers === undefined) throw new RangeError('there is no call to send');
    const { timeoutMs } = this.spec;
    const until = timeoutMs === undefined ? Infinity : since + timeoutMs;
    const answered = (failure: string, body: Buffer): void => {
      const now = performance.now();
      this.lastResponse = now;
      if (timeoutMs !== undefined && (failure !== '' || now > until)) {
        this.missed += 1;
        if (this.stopped && this.ended === this.next) this.resolve();
        then();
        return;
      }
      // In order of the responses, so that there is no gap when a run ends early.
      this.latencies[this.finished] = now - since;
      this.groups[this.finished] = call.group;
      this.finished += 1;
      this.check(index, call, failure, body);
      this.onResponse?.(call, body, now);
      if (this.stopped && this.ended === this.next) this.resolve();
      then();
    };
    session.call(headers, call.message, answered, until);
  }

  private check(index: number, call: PreparedCall, failure: string, body: Buffer): void {
    let wrong = failure === '' ? checkResponse(call, body) : failure;
    if (wrong === '' && index % INSPECTED_EVERY === 0) wrong = inspectResponse(call, body);
    if (wrong === '') {
      this.operations += call.operations;
      if (call.method !== 'balance' && call.method !== 'page') this.writes += call.operations;
      return;
    }
    this.failures += 1;
    if (this.firstFailure === '') this.firstFailure = `${methods[call.method]}: ${wrong}`;
    if (failure !== '') this.failedCall ??= call;
  }

  private sessionOf(index: number): Http2Session {
    const session = this.sessions[index % this.sessions.length];
    if (session === undefined) throw new RangeError('a load needs a session');
    return session;
  }
}

/** The headers of a method by how long its caller still waits, in steps. */
function headersOf({ address, timeoutMs }: LoadSpec, path: string): (leftMs: number) => Buffer {
  const endless = requestHeaders(address, path);
  if (timeoutMs === undefined) return () => endless;
  const made = new Map<number, Buffer>();
  return (leftMs) => {
    const stepped = Math.max(TIMEOUT_STEP_MS, Math.ceil(leftMs / TIMEOUT_STEP_MS) * TIMEOUT_STEP_MS);
    const headers = made.get(stepped) ?? requestHeaders(address, path, stepped);
    made.set(stepped, headers);
    return headers;
  };
}

/** Percentiles in milliseconds, by the nearest-rank method. */
export function percentiles(values: Float64Array): Latency {
  const sorted = values.slice().sort();
  const at = (share: number): number =>
    sorted[Math.max(0, Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1))] ?? 0;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}
