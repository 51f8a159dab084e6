import {
  GetAccountRequest,
  GetAccountResponse,
  ListAccountsRequest,
  ListAccountsResponse,
} from '@ledger/proto/ledger/v1/account_service';
import { DEFAULT_SETTINGS } from '../ledger/account';
import type { AccountView } from '../ledger/outcome';
import { findAccountOver, listAccountsOver } from '../store/over-cells';
import type { AccountPosition } from '../store/statements/list-accounts';
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
      const found = await store.read(
        (connection) => findAccountOver(connection, store.placement, userId, asset),
        deadline,
      );
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

/** ListAccounts: all accounts of a user, or of all users with a prefix, by user and asset. */
export function listAccounts(store: Store, tokens: PageTokens): UnaryMethod<ListAccountsRequest> {
  return {
    path: 'ledger.v1.AccountService/ListAccounts',
    decode: (bytes) => ListAccountsRequest.decode(bytes),
    handle: async (request, { deadline }) => {
      const { firstUserId, lastUserId, pageSize, token } = accountsQuery(request);
      const filter: PageFilter = ['ListAccounts', firstUserId, lastUserId];
      const after = positionOf(tokens.open(filter, token)) ?? { userId: firstUserId, asset: '' };
      const found = await store.reader('list')(
        (connection) => listAccountsOver(connection, store.placement, after, lastUserId, pageSize + 1),
        deadline,
      );
      const { rows, last } = pageOf(found, pageSize);
      const nextPageToken = last === undefined ? '' : tokens.seal(filter, bytesOfPosition(last));
      return bytesOf(ListAccountsResponse.encode({ accounts: rows.map(accountMessage), nextPageToken }));
    },
  };
}

/**
 * Whose accounts: those of the users from the first to the last. Throws INVALID_FIELD that names every invalid field. A
 * forged page token is found later.
 */
export function accountsQuery(request: ListAccountsRequest): {
  firstUserId: string;
  lastUserId: string;
  pageSize: number;
  token: string;
} {
  const validator = new RequestValidator();
  const { userId, userIdPrefix } = request;
  if (userIdPrefix !== undefined) {
    validator.userIdPrefix('user_id_prefix', userIdPrefix);
    if (userId !== '') validator.addViolation('user_id', 'must not come with a user_id_prefix');
  }
  if (userIdPrefix === undefined || userId !== '') validator.accountUserId('user_id', userId);
  const pageSize = validator.pageSize(request.pageSize);
  const token = validator.pageToken(request.pageToken);
  validator.throwIfInvalid();
  const lastUserId = userIdPrefix === undefined ? userId : userIdPrefix + BEHIND_ALL;
  return { firstUserId: userIdPrefix ?? userId, lastUserId, pageSize, token };
}

/** A character that is behind all that a user_id may have. */
const BEHIND_ALL = '\x7f';

/** Neither part has a line break. */
function bytesOfPosition({ userId, asset }: AccountPosition): Buffer {
  return Buffer.from(`${userId}\n${asset}`);
}

function positionOf(bytes: Buffer | null): AccountPosition | null {
  if (bytes === null) return null;
  const [userId = '', asset = ''] = bytes.toString().split('\n');
  return { userId, asset };
}

function neverWritten(userId: string, asset: string): AccountView {
  const zero = { balance: 0n, held: 0n, sequence: 0n, minBalance: 0n, createTime: 0n };
  return { userId, asset, ...zero, frozen: false, settings: DEFAULT_SETTINGS };
}
