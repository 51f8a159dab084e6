import type { BinaryReader } from '@bufbuild/protobuf/wire';
import { UpdateAccountRequest } from '@ledger/proto/ledger/v1/account_service';
import { PutItemRequest } from '@ledger/proto/ledger/v1/catalog_service';
import {
  CaptureHoldRequest,
  CreditRequest,
  PlaceHoldRequest,
  PostTransactionRequest,
  PurchaseRequest,
  ReleaseHoldRequest,
  ReverseTransactionRequest,
  TransferRequest,
} from '@ledger/proto/ledger/v1/ledger_service';
import type { GroupCommit } from '../engine/group-commit';
import type { Command } from '../ledger/command';
import { updateAccountCommand } from '../mapping/account-request';
import { captureHoldCommand, placeHoldCommand, releaseHoldCommand } from '../mapping/hold-request';
import { Shape } from '../mapping/validator';
import type { UnaryMethod } from '@ledger/kit/rpc/unary';
import {
  creditCommand,
  postTransactionCommand,
  purchaseCommand,
  putItemCommand,
  reverseTransactionCommand,
  transferCommand,
} from '../mapping/write-request';

/** How the request of a write becomes a command. */
export interface WriteMethod<Request> {
  /** Full name of the service and the rpc. */
  readonly path: string;
  readonly type: { decode(bytes: BinaryReader): Request };
  readonly commandOf: (request: Request, shape: Shape) => Command;
}

const define = <Request>(method: WriteMethod<Request>): WriteMethod<Request> => method;

/** Every write of the contract. */
export const writeMethods = {
  credit: define({ path: 'ledger.v1.LedgerService/Credit', type: CreditRequest, commandOf: creditCommand }),
  purchase: define({
    path: 'ledger.v1.LedgerService/Purchase',
    type: PurchaseRequest,
    commandOf: purchaseCommand,
  }),
  transfer: define({
    path: 'ledger.v1.LedgerService/Transfer',
    type: TransferRequest,
    commandOf: transferCommand,
  }),
  postTransaction: define({
    path: 'ledger.v1.LedgerService/PostTransaction',
    type: PostTransactionRequest,
    commandOf: postTransactionCommand,
  }),
  reverseTransaction: define({
    path: 'ledger.v1.LedgerService/ReverseTransaction',
    type: ReverseTransactionRequest,
    commandOf: reverseTransactionCommand,
  }),
  placeHold: define({
    path: 'ledger.v1.LedgerService/PlaceHold',
    type: PlaceHoldRequest,
    commandOf: placeHoldCommand,
  }),
  captureHold: define({
    path: 'ledger.v1.LedgerService/CaptureHold',
    type: CaptureHoldRequest,
    commandOf: captureHoldCommand,
  }),
  releaseHold: define({
    path: 'ledger.v1.LedgerService/ReleaseHold',
    type: ReleaseHoldRequest,
    commandOf: releaseHoldCommand,
  }),
  putItem: define({
    path: 'ledger.v1.CatalogService/PutItem',
    type: PutItemRequest,
    commandOf: putItemCommand,
  }),
  updateAccount: define({
    path: 'ledger.v1.AccountService/UpdateAccount',
    type: UpdateAccountRequest,
    commandOf: updateAccountCommand,
  }),
};

/** All writes go one way: a request becomes a command, the command goes to group commit, its outcome comes back. */
export function writeHandler<Request>(
  commit: GroupCommit,
  { path, type, commandOf }: WriteMethod<Request>,
): UnaryMethod<Request> {
  return {
    path,
    decode: (bytes) => type.decode(bytes),
    handle: (request, context) => commit.submit(shapedCommand(request, commandOf), context),
  };
}

/** The command of a request; throws INVALID_FIELD with all that is wrong with it. */
export function shapedCommand<Request>(
  request: Request,
  commandOf: WriteMethod<Request>['commandOf'],
): Command {
  const shape = new Shape();
  const command = commandOf(request, shape);
  shape.refuse();
  return command;
}
