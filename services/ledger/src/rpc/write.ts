import type { BinaryReader } from '@bufbuild/protobuf/wire';
import { PutItemRequest } from '../gen/ledger/v1/catalog_service';
import { CreditRequest, PurchaseRequest } from '../gen/ledger/v1/ledger_service';
import type { GroupCommit } from '../commit/group-commit';
import type { Command } from '../ledger/command';
import type { UnaryMethod } from './unary';
import { creditCommand, purchaseCommand, putItemCommand } from './write-request';

/** All writes go one way: a request becomes a command, the command goes to group commit, its outcome comes back. */
function write<Request>(
  commit: GroupCommit,
  path: string,
  decode: (bytes: BinaryReader) => Request,
  commandOf: (request: Request) => Command,
): UnaryMethod<Request> {
  return { path, decode, handle: (request, context) => commit.submit(commandOf(request), context) };
}

/** Credit: value comes in. */
export function credit(commit: GroupCommit): UnaryMethod<CreditRequest> {
  return write(
    commit,
    'ledger.v1.LedgerService/Credit',
    (bytes) => CreditRequest.decode(bytes),
    creditCommand,
  );
}

/** Purchase: a user pays. */
export function purchase(commit: GroupCommit): UnaryMethod<PurchaseRequest> {
  return write(
    commit,
    'ledger.v1.LedgerService/Purchase',
    (bytes) => PurchaseRequest.decode(bytes),
    purchaseCommand,
  );
}

/** PutItem: the next version of an item. */
export function putItem(commit: GroupCommit): UnaryMethod<PutItemRequest> {
  return write(
    commit,
    'ledger.v1.CatalogService/PutItem',
    (bytes) => PutItemRequest.decode(bytes),
    putItemCommand,
  );
}
