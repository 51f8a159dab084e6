import { Status } from '@ledger/proto/google/rpc/status';
import { ErrorInfo } from '@ledger/proto/google/rpc/error_details';
import type { Timestamp } from '@ledger/proto/google/protobuf/timestamp';
import { UpdateAccountResponse, type Account } from '@ledger/proto/ledger/v1/account_service';
import { PutItemResponse, type Item } from '@ledger/proto/ledger/v1/catalog_service';
import type { Entry, Hold, Transaction } from '@ledger/proto/ledger/v1/ledger';
import {
  CaptureHoldResponse,
  CreditResponse,
  PlaceHoldResponse,
  PostTransactionResponse,
  PurchaseResponse,
  ReleaseHoldResponse,
  ReverseTransactionResponse,
  TransferResponse,
} from '@ledger/proto/ledger/v1/ledger_service';
import type { StatedHold, StatedOutcome, StatedSettings, StatedTransaction } from '../ledger/stated-outcome';
import { EntryKind, sortedMetadata } from '../ledger/transaction';
import { HoldState } from '../ledger/hold';
import type { Command } from '../ledger/writes';

/** What a stored response says; null for bytes that the ledger never stored under that method and code. */
export function statedOutcome(method: string, code: number, bytes: Buffer): StatedOutcome | null {
  try {
    if (code !== 0) return statedFailure(bytes);
    return statedResponse(method, bytes);
  } catch {
    // Not a message, or a value in it that the ledger never writes.
    return null;
  }
}

/** The parts that the responses of writes have; each write has some of them. */
interface Parts {
  readonly transaction?: Transaction | undefined;
  readonly hold?: Hold | undefined;
  readonly item?: Item | undefined;
  readonly account?: Account | undefined;
}

/** How the response of each write is read. A new write does not compile without its row. */
const readers: { readonly [Kind in Command['kind']]: (bytes: Uint8Array) => Parts } = {
  Credit: (bytes) => CreditResponse.decode(bytes),
  Purchase: (bytes) => PurchaseResponse.decode(bytes),
  Transfer: (bytes) => TransferResponse.decode(bytes),
  PostTransaction: (bytes) => PostTransactionResponse.decode(bytes),
  ReverseTransaction: (bytes) => ReverseTransactionResponse.decode(bytes),
  PlaceHold: (bytes) => PlaceHoldResponse.decode(bytes),
  CaptureHold: (bytes) => CaptureHoldResponse.decode(bytes),
  ReleaseHold: (bytes) => ReleaseHoldResponse.decode(bytes),
  UpdateAccount: (bytes) => UpdateAccountResponse.decode(bytes),
  PutItem: (bytes) => PutItemResponse.decode(bytes),
};
const readerOf = new Map<string, (bytes: Uint8Array) => Parts>(Object.entries(readers));

function statedResponse(method: string, bytes: Buffer): StatedOutcome | null {
  const read = readerOf.get(method);
  return read === undefined ? null : outcomeOf(read(bytes));
}

function statedFailure(bytes: Buffer): StatedOutcome {
  const { code, details } = Status.decode(bytes);
  const info = details.find(({ typeUrl }) => typeUrl.endsWith('/google.rpc.ErrorInfo'));
  const { reason } = ErrorInfo.decode(info?.value ?? Buffer.alloc(0));
  return { transaction: null, hold: null, item: null, settings: null, failure: { code, reason } };
}

function outcomeOf({ transaction, hold, item, account }: Parts): StatedOutcome {
  return {
    transaction: transaction === undefined ? null : stated(transaction),
    hold: hold === undefined ? null : statedHold(hold),
    item: item === undefined ? null : { ...item, createTime: microsOf(item.createTime) },
    settings: account === undefined ? null : statedSettings(account),
    failure: null,
  };
}

function stated(message: Transaction): StatedTransaction {
  const { item, reversesTransactionId } = message;
  return {
    header: {
      transactionId: message.transactionId,
      kind: known(EntryKind, message.kind),
      userId: message.userId,
      requestId: message.requestId,
      caller: message.caller,
      createTime: microsOf(message.createTime),
      effectiveTime: optionalMicrosOf(message.effectiveTime),
      description: message.description,
      reference: message.reference,
      metadata: sortedMetadata(message.metadata),
      item: item === undefined ? null : { ...item },
      reversesTransactionId: reversesTransactionId === '' ? null : reversesTransactionId,
    },
    entries: message.entries.map(statedEntry),
  };
}

function statedEntry(message: Entry): StatedTransaction['entries'][number] {
  const { userId, asset, stripe, sequence, change, exactBalanceAfter, exactDebitsAfter } = message;
  return {
    ...{ userId, asset, stripe, sequence, change },
    balanceAfter: exactBalanceAfter === '' ? message.balanceAfter : BigInt(exactBalanceAfter),
    debitsAfter: exactDebitsAfter === '' ? message.debitsAfter : BigInt(exactDebitsAfter),
    effectiveTime: optionalMicrosOf(message.effectiveTime),
    hash: Buffer.from(message.hash),
  };
}

function statedHold(message: Hold): StatedHold {
  const { holdId, userId, asset, amount, capturedAmount, destination } = message;
  return {
    ...{ holdId, userId, asset, amount, capturedAmount, destination },
    state: known(HoldState, message.state),
    expireTime: optionalMicrosOf(message.expireTime),
    createTime: microsOf(message.createTime),
    updateTime: microsOf(message.updateTime),
  };
}

function statedSettings(message: Account): StatedSettings {
  const { userId, asset, minBalance, frozen, etag } = message;
  return { userId, asset, minBalance, frozen, etag, metadata: sortedMetadata(message.metadata) };
}

function microsOf(time: Timestamp | undefined): bigint {
  const micros = optionalMicrosOf(time);
  if (micros === null) throw new RangeError('a time is missing');
  return micros;
}

function optionalMicrosOf(time: Timestamp | undefined): bigint | null {
  return time === undefined ? null : time.seconds * 1_000_000n + BigInt(Math.floor(time.nanos / 1_000));
}

function known<T extends number>(values: Readonly<Record<string, T>>, value: number): T {
  const found = Object.values(values).find((each) => each === value);
  if (found === undefined) throw new RangeError(`${value} is not a known value`);
  return found;
}
