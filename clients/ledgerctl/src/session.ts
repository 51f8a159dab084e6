import { randomUUID } from 'node:crypto';
import type * as clientModule from '@ledger/client';
import type { CallOptions, LedgerClient, Page } from '@ledger/client';
import type { CommandContext } from './command-context';
import type { MessageName, MessageOf } from './contract';
import type { GlobalOptions } from './global-options';
import { addressOf } from './ledger-contexts';
import type * as messageView from './output/message-view';
import { LineRenderer, render, type View } from './output/render';
import { type Items, type ListExtent, readList } from './read-list';

/** One command's connection to the ledger, and its output. */
export class Session {
  private constructor(
    /** The client's module. It is loaded only by commands that talk to the ledger. */
    readonly api: typeof clientModule,
    readonly client: LedgerClient,
    readonly context: CommandContext,
    /** Turns messages into output. Loaded together with the client. */
    readonly views: typeof messageView,
    private readonly options: GlobalOptions,
  ) {}

  /** Runs the work with a client, and closes the client after it. */
  static async run(
    context: CommandContext,
    options: GlobalOptions,
    work: (session: Session) => Promise<void>,
  ): Promise<void> {
    const address = addressOf(options, context.env);
    // Not imported above: help and usage errors come without gRPC and descriptors, which take most of the start.
    const [api, views] = await Promise.all([import('@ledger/client'), import('./output/message-view.js')]);
    const client = new api.LedgerClient({ address, timeoutMs: options.timeout });
    try {
      await work(new Session(api, client, context, views, options));
    } finally {
      client.close();
    }
  }

  /** The options for each call. The timeout of a list is that of a page. Without one a stream has no limit. */
  get call(): CallOptions {
    return { signal: this.context.signal, timeoutMs: this.options.timeout };
  }

  /** The request id of a write. A generated one is printed before the write is sent, so that it can be sent again. */
  requestId(given: string | undefined): string {
    if (given !== undefined) return given;
    const generated = randomUUID();
    this.note(`request id: ${generated}`);
    return generated;
  }

  /** Sends a write. A replayed response is the first one again; only a note on standard error tells them apart. */
  async write<Response extends { readonly replayed: boolean }>(
    requestId: string | undefined,
    send: (requestId: string, call: CallOptions) => Promise<Response>,
  ): Promise<Response> {
    const response = await send(this.requestId(requestId), this.call);
    if (response.replayed) this.note('replayed: this is the first answer once more, nothing was booked now');
    return response;
  }

  /** Prints a message: all of it as JSON, the messages at the paths as tables, those at the first path as CSV. */
  print<Name extends MessageName>(
    name: Name,
    message: MessageOf<Name>,
    ...paths: readonly messageView.MessagePath<MessageOf<Name>>[]
  ): void {
    this.printView(this.views.viewOf(name, message, this.options, ...paths));
  }

  /** Prints a view that is more than that of one message. */
  printView(view: View): void {
    this.context.stdout.write(render(view, this.options.output, this.context));
  }

  /** Reads a list as far as asked for and prints it. `field` is the field of a page that holds its items. */
  async printList<
    Name extends MessageName,
    Field extends messageView.MessagePath<MessageOf<Name>>,
    PageOf extends MessageOf<Name> & Page & Items<Field>,
  >(
    name: Name,
    field: Field,
    extent: ListExtent,
    fetch: (page: { pageSize: number; pageToken: string }) => PromiseLike<PageOf>,
  ): Promise<void> {
    const list = await readList(extent, field, fetch);
    this.print(name, list, field);
    if (list[field].length === 0) this.note('nothing found');
    if (list.nextPageToken !== '') this.note(`there is more: --page-token ${list.nextPageToken}`);
  }

  /** A printer of messages that come one after the other. It prints each at once. */
  linePrinter<Name extends MessageName>(
    name: Name,
    path: messageView.MessagePath<MessageOf<Name>>,
  ): (message: MessageOf<Name>) => void {
    const renderer = new LineRenderer(this.options.output, this.context);
    return (message) => {
      this.context.stdout.write(renderer.lines(this.views.viewOf(name, message, this.options, path)));
    };
  }

  /** Writes a line for the user to standard error, apart from the output. */
  note(text: string): void {
    this.context.stderr.write(`${text}\n`);
  }
}
