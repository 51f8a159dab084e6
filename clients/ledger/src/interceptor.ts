import type { CallOptions } from './call-options';
import type { RequestOf, ResponseOf, UnaryRpcName } from './rpc-types';

/** A call before its first attempt: `method` tells the type of `request`, which is what will be sent. */
export type InterceptedCall = {
  [Rpc in UnaryRpcName]: {
    readonly method: Rpc;
    readonly request: Readonly<RequestOf<Rpc>>;
    readonly options: CallOptions;
  };
}[UnaryRpcName];

/** What a call succeeded with: `method` tells the type of `response`. */
export type InterceptedResult = {
  [Rpc in UnaryRpcName]: {
    readonly method: Rpc;
    readonly response: Readonly<ResponseOf<Rpc>>;
    readonly replayed: boolean;
    readonly position: string | undefined;
  };
}[UnaryRpcName];

/**
 * Stands around every call with one response, and every page of a list. It passes the call on with `next`, with other
 * options if it likes, and may do so again; the caller gets the last result. What it throws is what the caller gets.
 */
export type Interceptor = (
  call: InterceptedCall,
  next: (options?: CallOptions) => Promise<InterceptedResult>,
) => Promise<void>;
