import { readFileSync } from 'node:fs';
import { ChannelCredentials, credentials, status } from '@grpc/grpc-js';
import { LedgerError } from './ledger-error';

/** TLS to the ledger, as plain data: PEM, or the files that hold it, which are read once, when the client is made. */
export interface TlsOptions {
  /** The certificates to trust; without them those that Node trusts. */
  readonly ca?: string | Uint8Array | undefined;
  readonly caFile?: string | undefined;
  /** The client's certificate chain, for a server that asks for one. It needs the key. */
  readonly cert?: string | Uint8Array | undefined;
  readonly certFile?: string | undefined;
  readonly key?: string | Uint8Array | undefined;
  readonly keyFile?: string | undefined;
  /** The name that the server's certificate must have, when it is not that of the address. */
  readonly serverName?: string | undefined;
}

/** How a connection is secured. */
export interface Security {
  /** `true` for TLS with the certificates that Node trusts. Insecure without it. */
  readonly tls?: TlsOptions | boolean | undefined;
  /** Credentials made by the `credentials` that this package exports, for what `tls` cannot say. */
  readonly credentials?: ChannelCredentials | undefined;
}

/**
 * The credentials for a channel.
 *
 * @throws {LedgerError} INVALID_ARGUMENT when they cannot be used
 */
export function channelCredentials({ tls, credentials: given }: Security): ChannelCredentials {
  if (given !== undefined) {
    if (tls !== undefined) throw unusable('either tls or credentials, not both');
    // Another copy of grpc-js in the caller's node_modules has classes of its own.
    if (!(given instanceof ChannelCredentials)) {
      throw unusable(
        'credentials were not made by the grpc-js of @ledger/client: use the `credentials` that it exports, or `tls`',
      );
    }
    return given;
  }
  if (tls === undefined || tls === false) return credentials.createInsecure();
  const { ca, caFile, cert, certFile, key, keyFile } = tls === true ? {} : tls;
  const [roots, chain, privateKey] = [
    pem('ca', ca, caFile),
    pem('cert', cert, certFile),
    pem('key', key, keyFile),
  ];
  if ((chain === null) !== (privateKey === null)) throw unusable('tls.cert and tls.key belong together');
  try {
    return credentials.createSsl(roots, privateKey, chain);
  } catch (cause) {
    throw unusable('tls has a certificate or a key that cannot be read', cause);
  }
}

function pem(name: string, data: string | Uint8Array | undefined, file: string | undefined): Buffer | null {
  if (data !== undefined) return Buffer.from(data);
  if (file === undefined) return null;
  try {
    return readFileSync(file);
  } catch (cause) {
    throw unusable(`tls.${name}File cannot be read: ${file}`, cause);
  }
}

function unusable(text: string, cause?: unknown): LedgerError {
  return new LedgerError({ code: status.INVALID_ARGUMENT, text, method: 'new LedgerClient', cause });
}
