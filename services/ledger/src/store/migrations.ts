import { CreateLedger1764000000000 } from './migrations/1764000000000-create-ledger';

/** All migrations, oldest first. Add at the end; a released migration is never edited. */
export const migrations = [CreateLedger1764000000000];
