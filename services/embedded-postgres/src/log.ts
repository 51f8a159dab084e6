/** Writes one log line. */
export type Log = (message: string, fields?: Record<string, unknown>) => void;
