import type { Distribution } from '../random';

/** The schema of the raw variant. Its tables are copies of the ledger's. */
export const RAW_SCHEMA = 'bench_raw';

/** What the raw clients do. */
export interface RawSpec {
  readonly url: string;
  readonly clients: number;
  readonly distribution: Distribution;
  readonly users: number;
  readonly seed: number;
  /** Makes the request ids of a run unique. */
  readonly run: number;
  readonly seconds: number;
  /** The size of a stored response, the same as in the ledger. */
  readonly outcomeBytes: number;
  /** Purchases per bulk insert. When omitted, each purchase is one function call. */
  readonly bulk?: number;
}

/**
 * A purchase as one SQL function: it writes the same rows as the ledger, in one call and one transaction. It has two
 * advantages: it does not update the row of the revenue account, and it is given the hashes.
 */
export const rawFunction = `
  CREATE FUNCTION ${RAW_SCHEMA}.purchase(buyer text, paid_asset text, request text, content bytea, answer bytea,
                                         id uuid, revenue_stripe int, revenue_sequence bigint, hash bytea)
  RETURNS bigint LANGUAGE plpgsql AS $$
  DECLARE
    account record;
    booked timestamptz;
    xid bigint;
  BEGIN
    SELECT a.sequence + 1 AS sequence, a.balance - 1 AS balance, a.debits + 1 AS debits INTO STRICT account
      FROM ${RAW_SCHEMA}.accounts a WHERE a.user_id = buyer AND a.asset = paid_asset AND a.stripe = 0
       FOR UPDATE;
    IF account.balance < 0 THEN
      RAISE EXCEPTION 'not enough';
    END IF;
    booked := clock_timestamp();
    xid := pg_current_xact_id()::text::bigint;
    INSERT INTO ${RAW_SCHEMA}.requests
      (user_id, request_id, method, caller, content_hash, content_hash_version, code, reason, outcome, transaction_id,
       create_time, kind, description, reference, metadata, entry_keys, digest, hash_version, commit_order)
    VALUES (buyer, request, 'Purchase', '', content, 1, 0, '', answer, id, booked, 2, '', '', '{}',
            json_build_array(json_build_array(buyer, paid_asset, 0, account.sequence::text),
                             json_build_array('@revenue', paid_asset, revenue_stripe, revenue_sequence::text)),
            hash, 1, xid);
    INSERT INTO ${RAW_SCHEMA}.entries
      (user_id, asset, stripe, sequence, transaction_id, kind, change, balance_after, debits_after, create_time,
       hash)
    VALUES (buyer, paid_asset, 0, account.sequence, id, 2, -1, account.balance, account.debits, booked, hash),
           ('@revenue', paid_asset, revenue_stripe, revenue_sequence, id, 2, 1, revenue_sequence, 0, booked, hash);
    UPDATE ${RAW_SCHEMA}.accounts a
       SET sequence = account.sequence, balance = account.balance, debits = account.debits, last_hash = hash, last_entry_time = booked,
           commit_order = xid
     WHERE a.user_id = buyer AND a.asset = paid_asset AND a.stripe = 0;
    RETURN account.balance;
  END $$`;
