import type { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import type { BatchWriteItem } from '@ledger/proto/ledger/v1/ledger_service';
import type { Outcome } from '../ledger/outcome';
import type { Command } from '../ledger/writes';
import type { RequestValidator } from './validator';

/** The names of the writes in the oneof of BatchWriteItem. */
export type BatchCase = NonNullable<BatchWriteItem['write']>['$case'];

/** Where a write stands in a BatchWrite; null: BatchWrite does not take it. The compiler knows which writes it takes. */
export type BatchField<Kind extends string> = Kind extends string
  ? Uncapitalize<Kind> extends BatchCase
    ? {
        readonly name: Uncapitalize<Kind>;
        /** Its field number in BatchWriteItem and in BatchWriteResult, which are the same. */
        readonly number: number;
      }
    : null
  : never;

/**
 * How a write looks from outside. A new write is one object of this type and its row in writes.ts.
 */
export interface WriteMapping<C extends Command = Command, Request = unknown, Response = unknown> {
  /** Full name of the service and the rpc. */
  readonly path: `${string}/${C['kind']}`;
  readonly request: { decode(bytes: BinaryReader): Request };
  readonly response: { encode(message: Response, writer: BinaryWriter): BinaryWriter };
  readonly batch: BatchField<C['kind']>;
  /** Its field number in WriteStreamItem and in WriteStreamResult, which are the same. */
  readonly streamNumber: number;
  /** Who owns the write: a user or a system scope. Request ids are unique within it, and a caller is authorised for it. */
  scopeOf(request: Request): string;
  /** The command of a request. What is wrong is collected in the validator; no clock, state or setting counts. */
  toCommand(request: Request, scope: string, validator: RequestValidator): C;
  /** The response to a command that succeeded. */
  toResponse(outcome: Outcome): Response;
}
