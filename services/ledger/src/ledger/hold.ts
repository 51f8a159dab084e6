/** What a hold has come to; the numbers are those of `ledger.v1.HoldState` and are stored. */
export const HoldState = { OPEN: 1, CAPTURED: 2, RELEASED: 3, EXPIRED: 4 } as const;
export type HoldState = (typeof HoldState)[keyof typeof HoldState];

/** An amount set aside. */
export interface Hold {
  readonly userId: string;
  readonly holdId: string;
  readonly asset: string;
  readonly amount: bigint;
  readonly capturedAmount: bigint;
  readonly destination: string;
  readonly state: HoldState;
  /** Microseconds since 1970; null: never. */
  readonly expireTime: bigint | null;
  readonly createTime: bigint;
  readonly updateTime: bigint;
}

/** The hold as it stands at a time: an open one whose time has come has expired, then. */
export function holdAt(hold: Hold, now: bigint): Hold {
  const { state, expireTime } = hold;
  if (state !== HoldState.OPEN || expireTime === null || expireTime > now) return hold;
  return { ...hold, state: HoldState.EXPIRED, updateTime: expireTime };
}
