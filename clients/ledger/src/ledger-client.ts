import { status } from '@grpc/grpc-js';
import { openLanes } from './lanes';
import { LedgerError } from './ledger-error';
import { RpcClient } from './rpcs';
import { type LedgerClientOptions, openTransport, type Transport } from './transport';

/**
 * The ledger's client: one method per rpc, over one connection. Create one and keep it.
 *
 * A write without a `requestId` gets a random one. All attempts of a call carry the same id, so the write is booked at
 * most once. A lost response is asked for again within `timeoutMs`. If that fails, the `LedgerError` has
 * `outcomeUnknown`; sending the same request with its `requestId` later returns the outcome. A failure of the ledger,
 * such as `INSUFFICIENT_FUNDS`, is final for its request id: to try again, send a new id.
 *
 * ```ts
 * const client = new LedgerClient({ address: 'ledger:50051' });
 * const { balance } = await client.credit({ userId: 'ada', asset: 'GOLD', amount: 100n });
 * for await (const entry of client.listEntries({ userId: 'ada', asset: 'GOLD' })) console.log(entry.change);
 * client.close();
 * ```
 */
export class LedgerClient extends RpcClient {
  readonly #transport: Transport;

  constructor(options: LedgerClientOptions = {}) {
    const transport = openTransport(options, openLanes);
    super(transport);
    this.#transport = transport;
  }

  /**
   * Resolves once the ledger can be reached. Calls do not need it: they connect by themselves.
   *
   * @throws {LedgerError} `UNAVAILABLE` when it takes longer than `timeoutMs`
   */
  waitForReady(timeoutMs: number = this.#transport.timeoutMs): Promise<void> {
    return new Promise((resolve, reject) => {
      const { clock, connections } = this.#transport;
      connections.current.channel.waitForReady(clock.deadlineIn(timeoutMs), (error) => {
        if (error === undefined) resolve();
        else {
          const { message: text } = error;
          reject(new LedgerError({ code: status.UNAVAILABLE, text, method: 'waitForReady', cause: error }));
        }
      });
    });
  }

  /** Disconnects. Calls that were sent still finish, streams end at once, and no further attempt is made. */
  close(): void {
    this.#transport.close();
  }
}
