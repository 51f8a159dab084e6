import { Argument } from '@commander-js/extra-typings';
import { completionScript, SHELLS } from '../completion/completion-scripts';
import { completionTree } from '../completion/completion-tree';
import type { CommandGroup } from '../command-group';
import { addExamples } from '../input/options';
import { PROGRAM_NAME } from '../output/command-line';

/** The command that prints the completion of a shell, made from the commands and options that the program has. */
export function addCompletionCommand({ parent, context }: CommandGroup): void {
  const command = parent
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .description('A script that completes commands and options in a shell.')
    .action((shell) => {
      context.stdout.write(completionScript(shell, PROGRAM_NAME, completionTree(parent)));
    });
  addExamples(
    command,
    'source <(ledgerctl completion bash)',
    'source <(ledgerctl completion zsh)',
    'ledgerctl completion fish > ~/.config/fish/completions/ledgerctl.fish',
  );
}
