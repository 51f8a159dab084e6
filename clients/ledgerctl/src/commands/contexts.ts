import {
  type LedgerContext,
  ledgerContext,
  readLedgerContexts,
  writeLedgerContexts,
} from '../ledger-contexts';
import { addExamples } from '../input/options';
import { render } from '../output/render';
import { commandLine } from '../output/command-line';
import type { CommandGroup } from '../command-group';

/** The commands for contexts: names for the addresses of ledgers. */
export function addContextCommands({ parent, ...rest }: CommandGroup): void {
  const context = parent
    .command('context')
    .description('Names for ledgers, kept in $XDG_CONFIG_HOME/ledgerctl or ~/.config/ledgerctl.');
  const group = { parent: context, ...rest };
  addSet(group);
  addUse(group);
  addList(group);
  addRemove(group);
}

function addSet({ parent, context }: CommandGroup): void {
  const command = parent
    .command('set <name> <address>')
    .description('Names the ledger of an address. The first one is used from now on.')
    .action((name, address) => {
      const { current = name, contexts } = readLedgerContexts(context.env);
      writeLedgerContexts(context.env, { current, contexts: including(contexts, name, { address }) });
    });
  addExamples(command, 'ledgerctl context set local 127.0.0.1:50051');
}

function addUse({ parent, context }: CommandGroup): void {
  const command = parent
    .command('use <name>')
    .description('Uses a ledger whenever no other is named.')
    .action((name) => {
      const stored = readLedgerContexts(context.env);
      ledgerContext(stored, name);
      writeLedgerContexts(context.env, { ...stored, current: name });
    });
  addExamples(command, 'ledgerctl context use local');
}

function addList({ parent, context, globalOptions }: CommandGroup): void {
  const command = parent
    .command('list')
    .description('All names.')
    .action(() => {
      const { current, contexts } = readLedgerContexts(context.env);
      const rows = Object.entries(contexts).map(([name, { address }]) => ({
        name,
        address,
        current: name === current,
      }));
      const table = {
        columns: ['name', 'address', 'current'],
        rows: rows.map((row) => [row.name, row.address, String(row.current)]),
      };
      const view = { document: { contexts: rows }, tables: [table] };
      context.stdout.write(render(view, globalOptions().output, context));
    });
  addExamples(command, 'ledgerctl context list');
}

function addRemove({ parent, context }: CommandGroup): void {
  const command = parent
    .command('remove <name>')
    .description('Forgets a name.')
    .action((name) => {
      const stored = readLedgerContexts(context.env);
      ledgerContext(stored, name);
      const contexts = Object.fromEntries(
        Object.entries(stored.contexts).filter(([other]) => other !== name),
      );
      const isCurrent = stored.current === name;
      writeLedgerContexts(context.env, {
        contexts,
        ...(isCurrent || stored.current === undefined ? {} : { current: stored.current }),
      });
      if (isCurrent) {
        context.stderr.write(
          `none is in use now; choose one with: ${commandLine(['context', 'use'])} NAME\n`,
        );
      }
    });
  addExamples(command, 'ledgerctl context remove local');
}

/** Built from entries: a name may be anything, even `__proto__`. */
function including(
  contexts: { readonly [name: string]: LedgerContext },
  name: string,
  context: LedgerContext,
) {
  return Object.fromEntries([
    ...Object.entries(contexts).filter(([other]) => other !== name),
    [name, context],
  ]);
}
