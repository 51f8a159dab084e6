import { status } from '@grpc/grpc-js';
import type { CallResult, UnaryCall } from './call';
import type { CallOptions } from './call-options';
import type { InterceptedCall, InterceptedResult } from './interceptor';
import { LedgerError } from './ledger-error';
import type { Transport } from './transport';
import { callUnary } from './unary-call';

/** Makes a call through the interceptors of the client, the first one outermost. */
export async function callIntercepted<Response>(
  transport: Transport,
  call: UnaryCall<Response> & { readonly request: unknown },
  options: CallOptions,
): Promise<CallResult<Response>> {
  const { method, request } = call;
  let last: CallResult<Response> | undefined;
  const send = async (given: CallOptions): Promise<InterceptedResult> => {
    last = await callUnary(transport, call, given);
    // Safe: the table of rpcs gives each method the messages of its rpc.
    return { method, ...last } as unknown as InterceptedResult;
  };
  const through = transport.interceptors.reduceRight(
    (next, interceptor) =>
      async (given: CallOptions): Promise<InterceptedResult> => {
        let result: InterceptedResult | undefined;
        const intercepted = { method, request, options: given } as unknown as InterceptedCall;
        await interceptor(intercepted, async (changed = given) => (result = await next(changed)));
        if (result === undefined) throw notPassedOn(method);
        return result;
      },
    send,
  );
  await through(options);
  if (last === undefined) throw notPassedOn(method);
  return last;
}

function notPassedOn(method: string): LedgerError {
  return new LedgerError({ code: status.CANCELLED, text: 'an interceptor did not pass the call on', method });
}
