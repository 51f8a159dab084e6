import { parseArgs } from 'node:util';
import { simulate } from './simulation';

const USAGE = `usage: npm run simulate -w services/cauldrons -- [--ticks 100] [--seed 1] [--address 127.0.0.1:50054]
Simulates a shop for that many ticks. Exit code 0: the final audit agrees with the responses; 1: it does not; 2: usage.
`;

const SEED_MAX = 2 ** 32 - 1;
const TICKS_MAX = 1_000_000;

function run(): Promise<boolean> {
  const { ticks, seed, address } = options();
  // A new shop for every run, because the responses to the ids of an earlier run are final.
  const shopId = `sim-${seed}-${Date.now().toString(36)}`;
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  say(`shop ${shopId}, ${ticks} ticks, at ${address}`);
  return simulate({ address, shopId, ticks, seed, say });
}

function options(): { ticks: number; seed: number; address: string } {
  try {
    const { values } = parseArgs({
      options: {
        ticks: { type: 'string', default: '100' },
        seed: { type: 'string', default: '1' },
        address: { type: 'string', default: '127.0.0.1:50054' },
      },
    });
    const ticks = wholeNumber('ticks', values.ticks, 1, TICKS_MAX);
    return { ticks, seed: wholeNumber('seed', values.seed, 0, SEED_MAX), address: values.address };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exit(2);
  }
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^[0-9]+$/.test(text) && value >= min && value <= max) return value;
  throw new Error(`--${name} must be a whole number from ${min} to ${max}, not "${text}"`);
}

run().then(
  (agrees) => {
    process.exitCode = agrees ? 0 : 1;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
