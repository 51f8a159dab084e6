import { ConfigError } from '@ledger/kit/server/environment';
import { EXIT_CODES, type ExitCode } from '@ledger/kit/server/exit-code';
import { parseConfig } from '../config';
import { createLedgerLog } from '../logger';
import { migrate } from '../store/migrate';
import { expectNoArguments, type CommandContext } from './command';

/** Brings the schema of DATABASE_URL up to date and ends. */
export async function migrateCommand(args: readonly string[], { env }: CommandContext): Promise<ExitCode> {
  expectNoArguments('migrate', args);
  const { databaseUrl: url, migrationDatabaseUrl, logLevel, cells } = parseConfig(env);
  if (url === null) throw new ConfigError('migrate needs DATABASE_URL');
  const log = createLedgerLog(logLevel);
  const migrations = await migrate({ url, migrationUrl: migrationDatabaseUrl ?? url, cells });
  log.logger.info({ migrations }, 'schema up to date');
  log.flush();
  return EXIT_CODES.ok;
}
