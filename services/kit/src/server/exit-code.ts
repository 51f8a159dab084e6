/** Exit codes of every program of this repository. Stable: scripts may rely on them. */
export const EXIT_CODES = {
  ok: 0,
  /** It failed, or what was checked is not as it should be; standard error says which. */
  failed: 1,
  /** A setting or an argument that cannot be used. */
  usage: 2,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];
