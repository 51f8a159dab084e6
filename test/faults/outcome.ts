import {
  LedgerError,
  type Account,
  type Balance,
  type Hold,
  type Item,
  type Transaction,
} from '@ledger/client';
import { Status } from '@ledger/proto/google/rpc/status';
import { UpdateAccountResponse } from '@ledger/proto/ledger/v1/account_service';
import { PutItemResponse } from '@ledger/proto/ledger/v1/catalog_service';
import * as ledger from '@ledger/proto/ledger/v1/ledger_service';
import type { Write } from '../model/write';
import type { FinalResponse } from './attempt-result';
import type { WriteIntent } from './write-intent';

/** The decoded content of a final response. */
export type Outcome =
  | { readonly type: 'done'; readonly response: Response }
  | {
      readonly type: 'refused';
      readonly reason: string;
      readonly about: Readonly<Record<string, string>>;
    };

/** The fields that the responses of all writes have, taken together. */
export interface Response {
  readonly transaction: Transaction | undefined;
  readonly balances: readonly Balance[];
  readonly hold: Hold | undefined;
  readonly item: Item | undefined;
  readonly account: Account | undefined;
}

interface AnyResponse {
  readonly transaction?: Transaction | undefined;
  readonly balance?: Balance | undefined;
  readonly balances?: readonly Balance[];
  readonly hold?: Hold | undefined;
  readonly item?: Item | undefined;
  readonly account?: Account | undefined;
}

const codecs: Readonly<Record<Write['$case'], { decode(bytes: Uint8Array): AnyResponse }>> = {
  credit: ledger.CreditResponse,
  purchase: ledger.PurchaseResponse,
  transfer: ledger.TransferResponse,
  postTransaction: ledger.PostTransactionResponse,
  reverseTransaction: ledger.ReverseTransactionResponse,
  placeHold: ledger.PlaceHoldResponse,
  captureHold: ledger.CaptureHoldResponse,
  releaseHold: ledger.ReleaseHoldResponse,
  putItem: PutItemResponse,
  updateAccount: UpdateAccountResponse,
};

/** Decodes a final response. The content of a batch is in the responses of its writes. */
export function outcomeOf($case: WriteIntent['$case'], { code, bytes }: FinalResponse): Outcome {
  const content = Buffer.from(bytes, 'hex');
  if (code !== 0) {
    const { reason = 'NONE', metadata } = LedgerError.fromStatus(Status.decode(content), { method: $case });
    return { type: 'refused', reason, about: metadata };
  }
  const observed: AnyResponse = $case === 'batchWrite' ? {} : codecs[$case].decode(content);
  const { transaction, balance, balances = [], hold, item, account } = observed;
  const shown = balance === undefined ? balances : [balance];
  return { type: 'done', response: { transaction, balances: shown, hold, item, account } };
}
