import { type Metadata, Server, ServerCredentials, type ServerWritableStream, status } from '@grpc/grpc-js';
import type { RequestOf, ResponseOf, RpcName } from '../rpc-types';
import { responses, services } from './scripted-rpcs';
import { fails, type CallFailure, type ScriptedCall, type Step } from './steps';

/** The steps for the calls of each rpc, in the order of arrival. A retry of the client is a call of its own. */
export type Script = { readonly [Rpc in RpcName]?: readonly Step<Rpc>[] };

/**
 * Starts a gRPC server on a free port of this machine. It has every rpc of the ledger and answers by a script instead of
 * booking anything. A call without a step left fails with FAILED_PRECONDITION, which clients do not retry.
 */
export async function startScriptedLedger(script: Script = {}): Promise<ScriptedLedger> {
  const server = new Server();
  const calls: ScriptedCall[] = [];
  for (const service of services) {
    server.addService(
      // A response is sent like a stream of one message, so that one kind of step serves both kinds of rpc.
      Object.fromEntries(
        Object.entries(service).map(([rpc, definition]) => [rpc, { ...definition, responseStream: true }]),
      ),
      Object.fromEntries(
        Object.keys(service)
          .filter(isRpc)
          .map((rpc) => [rpc, handlerOf(rpc, script, calls)]),
      ),
    );
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return new ScriptedLedger(server, `127.0.0.1:${port}`, calls);
}

/** A running server that answers by a script. */
export class ScriptedLedger {
  /** @internal */
  constructor(
    private readonly server: Server,
    /** `host:port`, for the `address` of a client. */
    readonly address: string,
    /** Every call so far, in the order of arrival. */
    readonly calls: readonly ScriptedCall[],
  ) {}

  /** The requests of an rpc so far, in the order of arrival. */
  requests<Rpc extends RpcName>(rpc: Rpc): RequestOf<Rpc>[] {
    return this.calls
      .filter((call): call is ScriptedCall<Rpc> => call.rpc === rpc)
      .map(({ request }) => request);
  }

  /** Cuts every connection. Clients can connect again. */
  dropConnections(): void {
    this.server.drain(this.address, 0);
  }

  /** Stops the server at once. */
  close(): void {
    this.server.forceShutdown();
  }
}

function isRpc(name: string): name is RpcName {
  return Object.hasOwn(responses, name);
}

/** By which a client sends calls together. Where no script says what they do, each call is to come by itself. */
const SHARED: ReadonlySet<RpcName> = new Set(['writeStream', 'batchGetBalances']);

function handlerOf<Rpc extends RpcName>(rpc: Rpc, script: Script, calls: ScriptedCall[]) {
  if (SHARED.has(rpc) && script[rpc] === undefined) return isUnimplemented;
  const steps: Step<Rpc>[] = [...(script[rpc] ?? [])];
  const pastTheEnd = fails(status.FAILED_PRECONDITION, { message: `the script has no step left for ${rpc}` });
  return (stream: ServerWritableStream<RequestOf<Rpc>, ResponseOf<Rpc>>): void => {
    const call = scriptedCall(rpc, stream);
    calls.push(call);
    (steps.shift() ?? pastTheEnd)(call);
  };
}

function isUnimplemented(stream: ServerWritableStream<unknown, unknown>): void {
  stream.emit('error', { code: status.UNIMPLEMENTED, details: 'not in the script' });
}

function scriptedCall<Rpc extends RpcName>(
  rpc: Rpc,
  stream: ServerWritableStream<RequestOf<Rpc>, ResponseOf<Rpc>>,
): ScriptedCall<Rpc> {
  const cancelling = new AbortController();
  stream.on('cancelled', () => cancelling.abort());
  return {
    rpc,
    request: stream.request,
    metadata: stream.metadata,
    deadlineMs: Number(stream.getDeadline()) - Date.now(),
    cancelled: cancelling.signal,
    sendHeaders: (headers: Metadata) => stream.sendMetadata(headers),
    send: (message: object) => void stream.write(responses[rpc].fromPartial(message)),
    end: (failure?: CallFailure) => {
      if (failure === undefined) stream.end();
      else stream.emit('error', failure);
    },
  };
}
