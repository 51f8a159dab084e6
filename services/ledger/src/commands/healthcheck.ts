import { Client, credentials } from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import { EXIT_CODES, type ExitCode } from '@ledger/kit/server/exit-code';
import { parseConfig } from '../config';
import { expectNoArguments, type CommandContext } from './command';

/** How long a server may take to say that it is healthy. */
const ANSWER_TIMEOUT_MS = 2_000;

/** For containers: exit code 0 when the server at LEDGER_LISTEN is SERVING, 1 otherwise. */
export async function healthcheckCommand(
  args: readonly string[],
  { env, stderr }: CommandContext,
): Promise<ExitCode> {
  expectNoArguments('healthcheck', args);
  const address = reachable(parseConfig(env).listen);
  const status = await ask(address);
  if (status === 'SERVING') return EXIT_CODES.ok;
  stderr.write(`${address} is ${status}\n`);
  return EXIT_CODES.failed;
}

/** The address to call for an address to listen on: all interfaces include the loopback. */
function reachable(listen: string): string {
  return listen.replace(/^0\.0\.0\.0:/, '127.0.0.1:').replace(/^\[::0?\]:/, '[::1]:');
}

function ask(address: string): Promise<string> {
  const check = service['Check'];
  if (check === undefined) throw new TypeError('grpc.health.v1.Health has a method Check');
  const client = new Client(address, credentials.createInsecure());
  return new Promise<string>((resolve) => {
    client.makeUnaryRequest(
      check.path,
      check.requestSerialize,
      check.responseDeserialize,
      { service: '' },
      { deadline: Date.now() + ANSWER_TIMEOUT_MS },
      (error, response) => resolve(error === null ? statusOf(response) : error.message),
    );
  }).finally(() => client.close());
}

function statusOf(response: object | undefined): string {
  return response !== undefined && 'status' in response ? String(response.status) : 'UNKNOWN';
}
