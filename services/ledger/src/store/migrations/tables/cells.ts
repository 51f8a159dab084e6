import { BUCKETS } from '../../../ledger/bucket';

/**
 * The cells of the ledger, and in which of them each bucket of users lies. Each cell is a ledger in a schema of its own:
 * cell 0 is in this one, cell n in `ledger_n`. These two tables are in cell 0 alone.
 */
export const cellsTables: readonly string[] = [
  `CREATE TABLE ledger.cells (
    cell integer NOT NULL,
    create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT cells_pkey PRIMARY KEY (cell),
    CONSTRAINT cells_cell_check CHECK (cell >= 0)
  )`,
  `CREATE TABLE ledger.buckets (
    bucket integer NOT NULL,
    cell integer NOT NULL,
    CONSTRAINT buckets_pkey PRIMARY KEY (bucket),
    CONSTRAINT buckets_bucket_check CHECK (bucket BETWEEN 0 AND ${BUCKETS - 1})
  )`,
  'INSERT INTO ledger.cells (cell) VALUES (0)',
  `INSERT INTO ledger.buckets (bucket, cell) SELECT b, 0 FROM generate_series(0, ${BUCKETS - 1}) b`,
  'GRANT SELECT ON ledger.cells, ledger.buckets TO ledger_runtime',
];
