import { CreateAccounts1763600000000 } from './migrations/1763600000000-create-accounts';
import { CreateTransactions1763600000001 } from './migrations/1763600000001-create-transactions';
import { CreateEntries1763600000002 } from './migrations/1763600000002-create-entries';
import { CreateRequests1763600000003 } from './migrations/1763600000003-create-requests';
import { CreateItemVersions1763600000004 } from './migrations/1763600000004-create-item-versions';
import { CreateHolds1763600000005 } from './migrations/1763600000005-create-holds';
import { CreateServerKeys1763600000006 } from './migrations/1763600000006-create-server-keys';
import { RefuseRewriting1763600000007 } from './migrations/1763600000007-refuse-rewriting';
import { GrantRuntimeRole1763600000008 } from './migrations/1763600000008-grant-runtime-role';
import { IndexEntryTimes1763600000009 } from './migrations/1763600000009-index-entry-times';

/** All migrations, oldest first. Add at the end; a released migration is never edited. */
export const migrations = [
  CreateAccounts1763600000000,
  CreateTransactions1763600000001,
  CreateEntries1763600000002,
  CreateRequests1763600000003,
  CreateItemVersions1763600000004,
  CreateHolds1763600000005,
  CreateServerKeys1763600000006,
  RefuseRewriting1763600000007,
  GrantRuntimeRole1763600000008,
  IndexEntryTimes1763600000009,
];
