import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { Balance } from '@ledger/proto/ledger/v1/ledger';
import { LedgerServiceService } from '@ledger/proto/ledger/v1/ledger_service';
import { LedgerClient } from './ledger-client';
import { LedgerError } from './ledger-error';
import type { LedgerClientOptions } from './transport';

const gold = { userId: 'ada', asset: 'GOLD' };

let folder: string;
let server: Server;
let address: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-tls-'));
  for (const name of ['server', 'client']) {
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}.example`];
    const files = ['-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)];
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    execFileSync('openssl', ['req', '-x509', ...newKey, '-days', '2', ...subject, ...files], {
      stdio: 'pipe',
    });
  }
  server = new Server();
  server.addService(
    { getBalance: LedgerServiceService.getBalance },
    {
      getBalance: (_call: unknown, answer: (error: null, response: object) => void) =>
        answer(null, { balance: Balance.fromPartial({ balance: 5n }) }),
    },
  );
  const pair = { private_key: read('server.key'), cert_chain: read('server.crt') };
  const secure = ServerCredentials.createSsl(read('client.crt'), [pair], true);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', secure, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  address = `127.0.0.1:${port}`;
});

afterAll(() => {
  server.forceShutdown();
  rmSync(folder, { recursive: true });
});

function file(name: string): string {
  return join(folder, name);
}

function read(name: string): Buffer {
  return readFileSync(file(name));
}

async function balanceBy(options: LedgerClientOptions): Promise<bigint> {
  const client = new LedgerClient({ address, retry: { maxAttempts: 1 }, ...options });
  try {
    return (await client.getBalance(gold)).balance.balance;
  } finally {
    client.close();
  }
}

const serverName = 'server.example';

it('uses TLS by files', async () => {
  const [caFile, certFile, keyFile] = [file('server.crt'), file('client.crt'), file('client.key')];
  expect(await balanceBy({ tls: { caFile, certFile, keyFile, serverName } })).toBe(5n);
});

it('uses TLS by PEM', async () => {
  const [ca, cert] = [read('server.crt').toString(), read('client.crt').toString()];
  expect(await balanceBy({ tls: { ca, cert, key: read('client.key'), serverName } })).toBe(5n);
});

it('trusts nobody else, and no other name', async () => {
  const [ca, cert, key] = [read('server.crt'), read('client.crt'), read('client.key')];
  await expect(balanceBy({ tls: { cert, key, serverName } })).rejects.toMatchObject({
    codeName: 'UNAVAILABLE',
  });
  await expect(balanceBy({ tls: { ca, cert, key } })).rejects.toMatchObject({ codeName: 'UNAVAILABLE' });
});

it.each<[options: LedgerClientOptions, text: RegExp]>([
  [{ tls: { caFile: '/nowhere/ca.crt' } }, /tls\.caFile cannot be read: \/nowhere\/ca\.crt/],
  [{ tls: { cert: 'x' } }, /tls\.cert and tls\.key belong together/],
  [{ tls: { cert: 'x', key: 'y' } }, /a certificate or a key that cannot be read/],
  [{ tls: true, credentials: credentials.createInsecure() }, /either tls or credentials/],
  [
    // Of another copy of grpc-js: the same methods, another class.
    { credentials: { _isSecure: () => false, compose: () => undefined } as never },
    /use the `credentials` that it exports/,
  ],
])('refuses %j with a typed error', (options, text) => {
  let error: unknown;
  try {
    new LedgerClient(options).close();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(LedgerError);
  expect(error).toMatchObject({
    codeName: 'INVALID_ARGUMENT',
    message: expect.stringMatching(text) as unknown,
  });
});
