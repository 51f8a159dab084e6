/** A lag that a person should know of. Shorter ones come and go with every large transaction of the cluster. */
const NOTED_SECONDS = 1;

/** Tells when the entries of a stream fall behind, while they do, and when they have caught up. */
export class LagNote {
  #isBehind = false;

  constructor(private readonly note: (text: string) => void) {}

  /** @param lag what a heartbeat says; undefined from a server that says nothing */
  tell(lag: { readonly seconds: bigint } | undefined): void {
    const seconds = lag?.seconds ?? 0n;
    const isBehind = seconds >= NOTED_SECONDS;
    if (isBehind) {
      this.note(
        `${seconds} s behind: another transaction of the Postgres cluster is open; the log of the server names its session`,
      );
    } else if (this.#isBehind) this.note('caught up');
    this.#isBehind = isBehind;
  }
}
