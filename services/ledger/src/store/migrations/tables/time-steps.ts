/**
 * Where the time of an account's entries goes back: its entry of this sequence is dated before the one in front of it.
 * That is rare: the clock was set back, or an account was repaired after a clock that was ahead. Between two steps, time
 * grows with the sequence, which reads of the past rest on.
 */
export const timeStepsTable: readonly string[] = [
  `CREATE TABLE ledger.time_steps (
    user_id text COLLATE "C" NOT NULL,
    asset text COLLATE "C" NOT NULL,
    stripe integer NOT NULL,
    sequence bigint NOT NULL,
    CONSTRAINT time_steps_pkey PRIMARY KEY (user_id, asset, stripe, sequence),
    CONSTRAINT time_steps_sequence_check CHECK (sequence >= 2)
  )`,
];
