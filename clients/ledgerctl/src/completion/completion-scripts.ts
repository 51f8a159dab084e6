import type { CompletionNode, CompletionOption } from './completion-tree';

/** The shells that have a completion. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** A script that teaches a shell the commands and options of the program. */
export function completionScript(
  shell: (typeof SHELLS)[number],
  program: string,
  nodes: readonly CompletionNode[],
): string {
  switch (shell) {
    case 'bash':
      return bashScript(program, nodes);
    case 'zsh':
      return zshScript(program, nodes);
    case 'fish':
      return fishScript(program, nodes);
  }
}

function bashScript(program: string, nodes: readonly CompletionNode[]): string {
  return `# Completion of ${program} for bash: source <(${program} completion bash)
_${program}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at='' words=''
  local i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      ${valueOptions(nodes)}) i=$((i + 1)) ;;
      *) case "$at \${COMP_WORDS[i]}" in
${pathCases(nodes)}
      esac ;;
    esac
  done
  case "$prev" in
${choiceCases(nodes, (choices) => `COMPREPLY=($(compgen -W '${choices}' -- "$cur")); return`)}
    ${valueOptions(nodes)}) return ;;
  esac
  case "$at" in
${nodes.map((node) => `    '${node.path}') words='${wordsOf(node).join(' ')}' ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _${program} ${program}
`;
}

function zshScript(program: string, nodes: readonly CompletionNode[]): string {
  const describe = (node: CompletionNode): string =>
    [
      `    '${node.path}')`,
      `      commands=(${node.commands.map(({ name, summary }) => zshItem(name, summary)).join(' ')})`,
      `      options=(${node.options.flatMap(({ names, summary }) => names.map((name) => zshItem(name, summary))).join(' ')})`,
      ...(node.takesFile ? ['      _files'] : []),
      '      ;;',
    ].join('\n');
  return `#compdef ${program}
# Completion of ${program} for zsh: source <(${program} completion zsh), after compinit
_${program}() {
  local at='' i
  local -a commands options
  for ((i = 2; i < CURRENT; i++)); do
    case "\${words[i]}" in
      ${valueOptions(nodes)}) i=$((i + 1)) ;;
      *) case "$at \${words[i]}" in
${pathCases(nodes)}
      esac ;;
    esac
  done
  case "\${words[CURRENT-1]}" in
${choiceCases(nodes, (choices) => `compadd -- ${choices}; return`)}
    ${valueOptions(nodes)}) _files; return ;;
  esac
  case "$at" in
${nodes.map(describe).join('\n')}
  esac
  _describe -t commands command commands
  _describe -o -t options option options
}
compdef _${program} ${program}
`;
}

function fishScript(program: string, nodes: readonly CompletionNode[]): string {
  const lines = nodes.flatMap((node) => {
    const at = `complete -c ${program} -n '__${program}_at "${node.path}"'`;
    return [
      ...node.commands.map(({ name, summary }) => `${at} -a ${name} -d ${fishText(summary)}`),
      ...node.options.map((option) => `${at} ${fishOption(option)} -d ${fishText(option.summary)}`),
      ...(node.takesFile ? [`${at} -F`] : []),
    ];
  });
  return `# Completion of ${program} for fish: ${program} completion fish | source
function __${program}_at
    set -l at ''
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case ${valueOptions(nodes).split('|').join(' ')}
                set skip 1
            case '*'
                switch "$at $word"
                    case ${pathsOf(nodes).join(' ')}
                        set at (string trim "$at $word")
                end
        end
    end
    test "$at" = "$argv[1]"
end
complete -c ${program} -f
${lines.join('\n')}
`;
}

function wordsOf({ commands, options }: CompletionNode): string[] {
  return [...commands.map(({ name }) => name), ...options.flatMap(({ names }) => names)];
}

/** The options whose next word is their value, as a pattern of `case`. */
function valueOptions(nodes: readonly CompletionNode[]): string {
  const options = nodes.flatMap((node) => node.options).filter(({ takesValue }) => takesValue);
  return [...new Set(options.flatMap(({ names }) => names))].join('|');
}

/** The commands that may follow a command: its path, a space and the word. */
function pathsOf(nodes: readonly CompletionNode[]): string[] {
  return nodes.flatMap(({ path, commands }) => commands.map(({ name }) => `'${path} ${name}'`));
}

function pathCases(nodes: readonly CompletionNode[]): string {
  return nodes
    .flatMap(({ path, commands }) =>
      commands.map(
        ({ name }) => `        '${path} ${name}') at='${path === '' ? name : `${path} ${name}`}' ;;`,
      ),
    )
    .join('\n');
}

function choiceCases(nodes: readonly CompletionNode[], action: (choices: string) => string): string {
  const cases = nodes
    .flatMap((node) => node.options)
    .filter(({ choices }) => choices.length > 0)
    .map(({ names, choices }) => `    ${names.join('|')}) ${action(choices.join(' '))} ;;`);
  return [...new Set(cases)].join('\n');
}

/** A word of `_describe`: what is before the first colon is completed. */
function zshItem(name: string, summary: string): string {
  return quoted(`${name}:${summary}`);
}

function fishOption({ names, takesValue, choices, takesFile }: CompletionOption): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  if (choices.length > 0) return `${flags.join(' ')} -x -a '${choices.join(' ')}'`;
  if (!takesValue) return flags.join(' ');
  return `${flags.join(' ')} ${takesFile ? '-r -F' : '-x'}`;
}

/** In single quotes of bash and zsh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** In single quotes of fish, which knows two escapes there. */
function fishText(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
