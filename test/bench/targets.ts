/** The ratios that the benchmark exists for, of figures measured side by side, with their targets. */
export const targets = {
  purchase_vs_noop: { atLeast: 0.8, says: 'purchases/s over empty rpcs/s, 512 in flight' },
  server_cpu_vs_noop: { atMost: 1.3, says: 'CPU of the server per purchase over per empty rpc' },
  postgres_cpu_vs_raw: { atMost: 0.3, says: 'CPU of Postgres per purchase over per raw function call' },
  purchase_vs_raw: { atLeast: 1.5, says: 'purchases/s over raw function calls/s' },
  purchase_vs_per_request: { atLeast: 8, says: 'purchases/s over those of a transaction per request' },
  hot_vs_uniform: { atLeast: 0.95, says: 'purchases/s on one account over 100,000 users' },
  zipf_vs_uniform: { atLeast: 0.9, says: 'purchases/s by Zipf over uniform' },
  hot_vs_per_request_hot: { atLeast: 15, says: 'purchases/s on one account over a transaction per request' },
  batch_vs_raw_bulk: { atLeast: 0.5, says: 'BatchWrite of 1,000, writes/s over raw bulk inserts' },
  balance_vs_noop: { atLeast: 0.9, says: 'GetBalance/s over empty rpcs/s of that size' },
  growth_purchase: { atLeast: 0.8, says: 'time of a purchase, account of 100 entries over the long one' },
  growth_balance: { atLeast: 0.8, says: 'time of GetBalance, the same' },
  growth_as_of: { atLeast: 0.8, says: 'time of GetBalance as of, the same, the worse of two' },
  growth_page: { atLeast: 0.8, says: 'time of ListEntries, the same, the worse of first and last page' },
  low_load_p50: { atMost: 0.9, says: 'p50 of one caller over a transaction per request' },
  client_coalesced_vs_client_unary: {
    atLeast: 4,
    says: 'purchases/s of one client process, coalescing or not',
  },
  coalesced_purchase_vs_empty_rpc: {
    atLeast: 1.5,
    says: 'the same, coalescing, over empty unary calls/s of a plain grpc-js client',
  },
  coalesced_server_cpu_vs_empty_rpc: { atMost: 0.7, says: 'CPU of the server per call, the same' },
  lone_coalescing_p50: { atMost: 1.05, says: 'p50 of one caller, coalescing or not' },
  p99_over_p50: { atMost: 5, says: 'open loop at half of the peak rate' },
  goodput_at_3: {
    atLeast: 0.9,
    says: 'purchases/s answered within a second, three times the peak over the peak',
  },
  goodput_at_10: { atLeast: 0.9, says: 'the same, ten times the peak' },
  after_overload: { atLeast: 0.9, says: 'purchases/s two seconds after ten times the peak, over the peak' },
  polite_rate: { atLeast: 0.9, says: '100 purchases/s beside an aggressor, the worst, over alone' },
  polite_p99: { atMost: 3, says: 'their p99, the same' },
  fairness: { atLeast: 0.95, says: 'Jain index of 20 callers, one with 8 times the load of another' },
  build_purchase: { atLeast: 0.95, says: 'purchases/s of this build over those of another one (--against)' },
  build_server_cpu: { atMost: 1.05, says: 'CPU of the server per purchase, the same' },
  build_postgres_cpu: { atMost: 1.05, says: 'CPU of Postgres per purchase, the same' },
  build_wal: { atMost: 1.02, says: 'WAL per purchase, the same' },
  build_balance: { atLeast: 0.95, says: 'GetBalance/s, the same' },
  build_lone_p50: { atMost: 1.05, says: 'p50 of one caller, the same' },
  build_lone_server_cpu: { atMost: 1.05, says: 'CPU of the server per purchase of one caller, the same' },
  build_lone_postgres_cpu: { atMost: 1.05, says: 'CPU of Postgres per purchase of one caller, the same' },
  processes_2: { atLeast: 1.1, says: 'purchases/s of two server processes over one' },
} as const satisfies Readonly<Record<string, Target>>;

export type RatioKey = keyof typeof targets;

/** A lower or an upper bound. */
export type Target = { readonly says: string } & (
  | { readonly atLeast: number; readonly atMost?: never }
  | { readonly atMost: number; readonly atLeast?: never }
);

/** Whether a ratio meets its target. */
export function isMet(key: RatioKey, value: number): boolean {
  const target: Target = targets[key];
  return target.atLeast === undefined ? value <= target.atMost : value >= target.atLeast;
}

/** The bound as text. */
export function boundOf(key: RatioKey): string {
  const target: Target = targets[key];
  return target.atLeast === undefined ? `≤ ${target.atMost}` : `≥ ${target.atLeast}`;
}
