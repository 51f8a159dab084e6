import { randomUUID } from 'node:crypto';
import type { CallOptions, LedgerClient } from '@ledger/client';
import { contextOf, readContexts } from './contexts';
import { type LedgerApi, protoJson } from './proto-json';
import { type Format, LineRenderer, render, type Section } from './render';
import type { Surroundings } from './surroundings';

/** What every command may be told. */
export interface GlobalOptions {
  readonly address?: string | undefined;
  readonly context?: string | undefined;
  readonly timeout?: number | undefined;
  readonly output: Format;
}

const DEFAULT_ADDRESS = '127.0.0.1:50051';

/** Messages, and which fields of them a table shows. */
export interface MessageSection {
  readonly columns: readonly string[];
  readonly rows: readonly object[];
}

/**
 * Where the ledger is: `--address`, else `--context`, else `LEDGER_ADDRESS`, else the context in use, else this
 * machine.
 *
 * @throws {UsageError} for a context that is not there
 */
export function addressOf(
  options: Pick<GlobalOptions, 'address' | 'context'>,
  env: Surroundings['env'],
): string {
  if (options.address !== undefined) return options.address;
  if (options.context !== undefined) return contextOf(readContexts(env), options.context).address;
  const fromEnv = env['LEDGER_ADDRESS'] ?? '';
  if (fromEnv !== '') return fromEnv;
  const contexts = readContexts(env);
  return contexts.current === undefined ? DEFAULT_ADDRESS : contextOf(contexts, contexts.current).address;
}

/** A part of a list; `nextPageToken` is empty at its end. */
export interface Listed {
  readonly items: readonly object[];
  readonly nextPageToken: string;
}

/** One command's use of the ledger, and its way to print what it got. */
export class Session {
  private constructor(
    readonly api: LedgerApi,
    readonly client: LedgerClient,
    readonly io: Surroundings,
    private readonly options: GlobalOptions,
  ) {}

  /** Runs the work with a client, which is closed after it. */
  static async run(
    io: Surroundings,
    options: GlobalOptions,
    work: (session: Session) => Promise<void>,
  ): Promise<void> {
    const address = addressOf(options, io.env);
    // Not before it is needed: it takes half of the time of a start.
    const api = await import('@ledger/client');
    const client = new api.LedgerClient({ address, timeoutMs: options.timeout });
    try {
      await work(new Session(api, client, io, options));
    } finally {
      client.close();
    }
  }

  /** For every call: a list's budget is that of a page, a stream has none unless it was given. */
  get call(): CallOptions {
    return { signal: this.io.signal, timeoutMs: this.options.timeout };
  }

  /**
   * The request id of a write. One that the program makes itself is told before the write is sent, so that it can be
   * sent again whatever happens.
   */
  requestId(given: string | undefined): string {
    if (given !== undefined) return given;
    const made = randomUUID();
    this.note(`request id: ${made}`);
    return made;
  }

  /** Sends a write. Says whether it is the first answer once more, beside the output, which is the same then. */
  async write<Response extends { readonly replayed: boolean }>(
    givenId: string | undefined,
    send: (requestId: string, call: CallOptions) => Promise<Response>,
  ): Promise<Omit<Response, 'replayed'>> {
    const { replayed, ...message } = await send(this.requestId(givenId), this.call);
    if (replayed) this.note('replayed: this is the first answer once more, nothing was booked now');
    return message;
  }

  /** Prints a message. A table shows its sections, CSV the first of them, JSON the message. */
  print(message: object, first: MessageSection, ...others: readonly MessageSection[]): void {
    const sections = [this.#json(first), ...others.map((section) => this.#json(section))] as const;
    const answer = { document: protoJson(message, this.api), sections };
    this.io.stdout.write(render(answer, this.options.output, this.io));
  }

  /** Prints a list as far as it was read. */
  printList(name: string, { items, nextPageToken }: Listed, columns: readonly string[]): void {
    this.print({ [name]: items, nextPageToken }, { columns, rows: items });
    if (items.length === 0) this.note('nothing found');
    if (nextPageToken !== '') this.note(`there is more: --page-token ${nextPageToken}`);
  }

  /** Prints messages that come one after the other, each as it comes. */
  lines(columns: readonly string[]): (message: object, row: object) => void {
    const renderer = new LineRenderer(this.options.output, this.io);
    return (message, row) => {
      const section = this.#json({ columns, rows: [row] });
      this.io.stdout.write(renderer.line(protoJson(message, this.api), section));
    };
  }

  /** Says something to the person, beside the output. */
  note(text: string): void {
    this.io.stderr.write(`${text}\n`);
  }

  #json({ columns, rows }: MessageSection): Section {
    return { columns, rows: rows.map((row) => protoJson(row, this.api)) };
  }
}

/** A section that shows fields which its messages have. */
export function section<Message extends object>(
  columns: readonly (keyof Message & string)[],
  rows: readonly Message[],
): MessageSection {
  return { columns, rows };
}
