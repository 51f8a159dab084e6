import type { CommandUnknownOpts, Option } from '@commander-js/extra-typings';

/** A command as a shell completes it. */
export interface CompletionNode {
  /** The words that lead to it: empty for the program, `hold place`. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly CompletionOption[];
  /** Whether it takes a file as an argument. */
  readonly takesFile: boolean;
}

/** An option as a shell completes it. */
export interface CompletionOption {
  /** `--output`, `-o`. */
  readonly names: readonly string[];
  readonly summary: string;
  readonly takesValue: boolean;
  /** The values that it takes; empty when there are too many to name. */
  readonly choices: readonly string[];
  /** Whether its value is a file. */
  readonly takesFile: boolean;
}

/** All commands of a program, itself first. Every command also has the options of those above it. */
export function completionTree(root: CommandUnknownOpts): CompletionNode[] {
  return nodesOf(root, '', []);
}

function nodesOf(
  command: CommandUnknownOpts,
  path: string,
  inherited: readonly CompletionOption[],
): CompletionNode[] {
  const own = command.options.filter(({ hidden }) => !hidden).map(optionOf);
  const options = [...own, ...inherited];
  const node = {
    path,
    commands: command.commands.map((child) => ({ name: child.name(), summary: summaryOf(child) })),
    options: [...options, HELP],
    takesFile: command.registeredArguments.some((argument) => argument.name() === 'file'),
  };
  const children = command.commands.flatMap((child) =>
    nodesOf(child, path === '' ? child.name() : `${path} ${child.name()}`, options),
  );
  return [node, ...children];
}

const HELP: CompletionOption = {
  names: ['--help'],
  summary: 'how it is used',
  ...{ takesValue: false, choices: [], takesFile: false },
};

function optionOf({
  long,
  short,
  description,
  required,
  optional,
  argChoices,
  flags,
}: Option): CompletionOption {
  return {
    names: [long, short].filter((name) => typeof name === 'string'),
    summary: description,
    takesValue: required || optional,
    choices: argChoices ?? [],
    takesFile: flags.includes('<file>'),
  };
}

function summaryOf(command: CommandUnknownOpts): string {
  return command.summary() === '' ? command.description() : command.summary();
}
