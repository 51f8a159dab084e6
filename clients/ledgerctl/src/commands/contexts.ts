import { type Context, contextOf, readContexts, writeContexts } from '../contexts';
import { addExamples } from '../options';
import { render } from '../render';
import { commandLine } from '../request-line';
import type { Setting } from '../setting';

/** Names for ledgers. */
export function addContextCommands({ root, ...rest }: Setting): void {
  const context = root
    .command('context')
    .description('Names for ledgers, kept in $XDG_CONFIG_HOME/ledgerctl or ~/.config/ledgerctl.');
  const setting = { root: context, ...rest };
  addSet(setting);
  addUse(setting);
  addList(setting);
  addRemove(setting);
}

function addSet({ root, io }: Setting): void {
  const command = root
    .command('set <name> <address>')
    .description('Names the ledger of an address. The first one is used from now on.')
    .action((name, address) => {
      const { current = name, contexts } = readContexts(io.env);
      writeContexts(io.env, { current, contexts: including(contexts, name, { address }) });
    });
  addExamples(command, 'ledgerctl context set local 127.0.0.1:50051');
}

function addUse({ root, io }: Setting): void {
  const command = root
    .command('use <name>')
    .description('Uses a ledger whenever no other is named.')
    .action((name) => {
      const stored = readContexts(io.env);
      contextOf(stored, name);
      writeContexts(io.env, { ...stored, current: name });
    });
  addExamples(command, 'ledgerctl context use local');
}

function addList({ root, io, globalOptions }: Setting): void {
  const command = root
    .command('list')
    .description('All names.')
    .action(() => {
      const { current, contexts } = readContexts(io.env);
      const rows = Object.entries(contexts).map(([name, { address }]) => ({
        name,
        address,
        current: name === current,
      }));
      const sections = [{ columns: ['name', 'address', 'current'], rows }] as const;
      io.stdout.write(render({ document: { contexts: rows }, sections }, globalOptions().output, io));
    });
  addExamples(command, 'ledgerctl context list');
}

function addRemove({ root, io }: Setting): void {
  const command = root
    .command('remove <name>')
    .description('Forgets a name.')
    .action((name) => {
      const stored = readContexts(io.env);
      contextOf(stored, name);
      const contexts = Object.fromEntries(
        Object.entries(stored.contexts).filter(([other]) => other !== name),
      );
      const isCurrent = stored.current === name;
      writeContexts(io.env, {
        contexts,
        ...(isCurrent || stored.current === undefined ? {} : { current: stored.current }),
      });
      if (isCurrent)
        io.stderr.write(`none is in use now; choose one with: ${commandLine(['context', 'use'])} NAME\n`);
    });
  addExamples(command, 'ledgerctl context remove local');
}

/** By entries, since a name may be anything, `__proto__` as well. */
function including(contexts: { readonly [name: string]: Context }, name: string, context: Context) {
  return Object.fromEntries([
    ...Object.entries(contexts).filter(([other]) => other !== name),
    [name, context],
  ]);
}
