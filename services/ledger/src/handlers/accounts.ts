import {
  GetAccountRequest,
  GetAccountResponse,
  ListAccountsRequest,
  ListAccountsResponse,
} from '@ledger/proto/ledger/v1/account_service';
import { DEFAULT_SETTINGS } from '../ledger/account';
import type { AccountView } from '../ledger/outcome';
import { findAccount, listAccounts as selectAccounts } from '../store/statements/list-accounts';
import type { Store } from '../store/store';
import { accountMessage, bytesOf } from '../mapping/messages';
import { pageOf, type PageFilter, type PageTokens } from '../mapping/page-token';
import { RequestValidator } from '../mapping/validator';
import type { UnaryMethod } from '@ledger/kit/rpc/unary';

/** GetAccount: one account with its settings. */
export function getAccount(store: Store): UnaryMethod<GetAccountRequest> {
  return {
    path: 'ledger.v1.AccountService/GetAccount',
    decode: (bytes) => GetAccountRequest.decode(bytes),
    handle: async (request, { deadline }) => {
      const { userId, asset } = accountQuery(request);
      const found = await store.read((connection) => findAccount(connection, userId, asset), deadline);
      const account = accountMessage(found ?? neverWritten(userId, asset));
      return bytesOf(GetAccountResponse.encode({ account }));
    },
  };
}

/** Which account. Throws INVALID_FIELD that names every invalid field. */
export function accountQuery(request: GetAccountRequest): { userId: string; asset: string } {
  const validator = new RequestValidator();
  const userId = validator.accountUserId('user_id', request.userId);
  const asset = validator.asset('asset', request.asset);
  validator.throwIfInvalid();
  return { userId, asset };
}

/** ListAccounts: all accounts of a user, by asset. */
export function listAccounts(store: Store, tokens: PageTokens): UnaryMethod<ListAccountsRequest> {
  return {
    path: 'ledger.v1.AccountService/ListAccounts',
    decode: (bytes) => ListAccountsRequest.decode(bytes),
    handle: async (request, { deadline }) => {
      const { userId, pageSize, token } = accountsQuery(request);
      const filter: PageFilter = ['ListAccounts', userId];
      const after = tokens.open(filter, token)?.toString() ?? '';
      const found = await store.reader('list')(
        (connection) => selectAccounts(connection, userId, after, pageSize + 1),
        deadline,
      );
      const { rows, last } = pageOf(found, pageSize);
      const nextPageToken = last === undefined ? '' : tokens.seal(filter, Buffer.from(last.asset));
      return bytesOf(ListAccountsResponse.encode({ accounts: rows.map(accountMessage), nextPageToken }));
    },
  };
}

/** Whose accounts. Throws INVALID_FIELD that names every invalid field. A forged page token is found later. */
export function accountsQuery(request: ListAccountsRequest): {
  userId: string;
  pageSize: number;
  token: string;
} {
  const validator = new RequestValidator();
  const userId = validator.accountUserId('user_id', request.userId);
  const pageSize = validator.pageSize(request.pageSize);
  const token = validator.pageToken(request.pageToken);
  validator.throwIfInvalid();
  return { userId, pageSize, token };
}

function neverWritten(userId: string, asset: string): AccountView {
  const zero = { balance: 0n, held: 0n, sequence: 0n, minBalance: 0n, createTime: 0n };
  return { userId, asset, ...zero, frozen: false, settings: DEFAULT_SETTINGS };
}
