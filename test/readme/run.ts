/**
 * Follows the README from the first command to the last, then those of ledgerctl and of the services, then the guides,
 * as one person would: in a fresh clone, in one shell, in this order, every command as it is written. Each must
 * end with 0, unless its answer is shown; what is shown must be what is printed, but for ids, times and hashes.
 * `--write` puts what was printed into the documents of this checkout instead.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, chmodSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Numbering } from '../harness/numbering';
import { blocksOf, type Step } from './document';
import { SessionShell } from './session-shell';

const DOCUMENTS = [
  'README.md',
  'clients/ledgerctl/README.md',
  'services/peepcoins/README.md',
  'services/storefront/README.md',
  'services/cauldrons/README.md',
  'docs/modelling.md',
];

/** Commands that run until Ctrl-C, and the line on standard error that says that they are up. */
const SERVERS: ReadonlyMap<string, RegExp> = new Map([
  ['npm ci && npm start', /^ledger listens on /m],
  ['npm run start:all', /^start-all: all are up/m],
]);

/** What CI does in steps of its own. */
const ELSEWHERE: ReadonlySet<string> = new Set(['npm ci && npm test']);

const ROOT = join(__dirname, '../..');

async function main(): Promise<void> {
  const isWriting = process.argv.includes('--write');
  const work = mkdtempSync(join(tmpdir(), 'readme-'));
  // The embedded Postgres of root runs as another user.
  chmodSync(work, 0o755);
  const clone = join(work, 'ledger');
  execFileSync('git', ['clone', '--quiet', ROOT, clone]);
  for (const file of DOCUMENTS) copyFileSync(join(ROOT, file), join(clone, file));
  const shell = new SessionShell(clone, work);
  try {
    const session = new Session(shell);
    for (const file of DOCUMENTS) {
      const text = readFileSync(join(ROOT, file), 'utf8');
      const printed = await session.follow(file, text);
      if (isWriting) writeFileSync(join(ROOT, file), printed);
    }
    if (session.faults.length > 0 && !isWriting) {
      for (const fault of session.faults) say(`\n${fault}`);
      say(`\n${session.faults.length} of ${session.steps} commands did something else`);
      process.exitCode = 1;
    } else say(`${session.steps} commands of ${DOCUMENTS.length} documents do as they are written`);
  } finally {
    await shell.close();
    rmSync(work, { recursive: true, force: true });
  }
}

/** The commands of all documents, one after the other: what one of them made is there for the next. */
class Session {
  steps = 0;
  readonly faults: string[] = [];
  // The ids and times of the documents, and those of this run, by when they first appear.
  readonly #then = new Numbering();
  readonly #now = new Numbering();

  constructor(private readonly shell: SessionShell) {}

  /** Types the commands of a document. Returns it with what they printed. */
  async follow(file: string, text: string): Promise<string> {
    let written = '';
    let end = 0;
    for (const block of blocksOf(text)) {
      written += text.slice(end, block.start);
      for (const step of block.steps) written += await this.#type(file, step);
      if (block.kind === 'sh') written += text.slice(block.start, block.end);
      end = block.end;
    }
    return written + text.slice(end);
  }

  /** Types a command. Returns how it looks in a console. */
  async #type(file: string, { command, answer }: Step): Promise<string> {
    const expected = this.#then.numbered(command);
    // What no answer has told yet is typed as it stands.
    const typed = this.#then.valuesFor(this.#now.valuesFor(expected));
    if (ELSEWHERE.has(command)) return '';
    this.steps += 1;
    say(`${file}: ${command.split('\n')[0]}`);
    const ready = SERVERS.get(command);
    if (ready !== undefined) {
      await this.shell.serve(command, ready);
      return answer === undefined ? '' : `$ ${command}\n${answer}`;
    }
    const { code, output } = await this.shell.run(typed);
    if (code !== 0) say(`  exit code ${code}`);
    this.#now.numbered(typed);
    const shown = answer === undefined ? undefined : this.#then.numbered(answer);
    const printed = this.#now.numbered(output);
    if (code !== 0 && (shown === undefined || shown === '')) {
      this.faults.push(`${file}: exit code ${code} of\n$ ${typed}\n${output}`);
    } else if (shown !== undefined && shown !== printed) {
      this.faults.push(`${file}: $ ${typed}\nis to print\n${shown}but it prints\n${printed}`);
    }
    return answer === undefined ? '' : `$ ${typed}\n${output}`;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

void main();
