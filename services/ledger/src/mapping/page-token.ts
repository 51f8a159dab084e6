import { invalidFields, type CallError } from '@ledger/kit/rpc/call-error';
import { createHmac, timingSafeEqual } from 'node:crypto';

const VERSION = 1;
const MAC_BYTES = 16;

/** What a page belongs to: its rpc, and every field of the request that chooses rows. */
export type PageFilter = readonly [rpc: string, ...fields: (string | bigint | number | boolean | null)[]];

/**
 * Page tokens: opaque to callers, signed, and bound to their filter. A token that was forged or comes with another
 * filter is INVALID_FIELD.
 *
 * Layout before base64url: byte version, 16 bytes HMAC-SHA-256 over the filter and the position, the position.
 */
export class PageTokens {
  constructor(private readonly secret: Buffer) {}

  /** The token of a position. */
  seal(filter: PageFilter, position: Uint8Array): string {
    const mac = this.mac(filter, position);
    return Buffer.concat([Buffer.of(VERSION), mac, position]).toString('base64url');
  }

  /**
   * The position of a token, or null for the empty token of a first page.
   *
   * @param field what the error names
   */
  open(filter: PageFilter, token: string, field = 'page_token'): Buffer | null {
    if (token === '') return null;
    const bytes = Buffer.from(token, 'base64url');
    // Decoding is lenient: what it skips is no part of a token.
    if (bytes.toString('base64url') !== token) throw invalidToken(field);
    if (bytes.length < 1 + MAC_BYTES || bytes[0] !== VERSION) throw invalidToken(field);
    const position = bytes.subarray(1 + MAC_BYTES);
    if (!timingSafeEqual(bytes.subarray(1, 1 + MAC_BYTES), this.mac(filter, position)))
      throw invalidToken(field);
    return position;
  }

  private mac(filter: PageFilter, position: Uint8Array): Buffer {
    const text = JSON.stringify(filter, (_key, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    );
    return createHmac('sha256', this.secret)
      .update(text)
      .update('\0')
      .update(position)
      .digest()
      .subarray(0, MAC_BYTES);
  }
}

function invalidToken(field: string): CallError {
  const given = field === 'page_token' ? 'next_page_token' : field;
  return invalidFields([{ field, description: `must be a ${given} of the same call with the same filter` }]);
}

/** The rows of a page, and the last of them when there are more. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Where the next page goes on; undefined on the last one. */
  readonly last: Row | undefined;
}

/** Cuts a page out of the rows. One row more than the page size means that there is a next page. */
export function pageOf<Row>(found: readonly Row[], pageSize: number): Page<Row> {
  const rows = found.slice(0, pageSize);
  return { rows, last: found.length > pageSize ? rows.at(-1) : undefined };
}
