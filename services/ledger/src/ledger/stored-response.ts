/** The answer to a finished request, as it is kept, sent, and sent again to every repeat. */
export interface StoredResponse {
  /** gRPC status code; 0 when the request succeeded. */
  readonly code: number;
  /** Name of the `ErrorReason`; empty when the request succeeded. */
  readonly reason: string;
  /** The response message, or a google.rpc.Status when `code` is not 0. */
  readonly bytes: Buffer;
}
