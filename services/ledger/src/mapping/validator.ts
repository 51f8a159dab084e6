import type { Timestamp } from '@ledger/proto/google/protobuf/timestamp';
import type { Annotations } from '../ledger/annotations';
import { INT64_MAX } from '../ledger/money';
import { sortedMetadata } from '../ledger/transaction';
import { invalidFields, VIOLATIONS_MAX, type FieldViolation } from '@ledger/kit/rpc/call-error';

/**
 * The validation of requests, field by field: what the `buf.validate` rules of the protos say, written out because
 * running them through protovalidate costs 10 to 25 µs a call, up to half of an empty RPC. A test holds the two
 * against each other.
 */

const REQUEST_ID = /^[ -~]{1,128}$/;
const USER_ID = /^[!-?A-~][!-~]{0,127}$/;
const USER_ID_PREFIX = /^[!-~]{0,128}$/;
const SYSTEM_ID = /^@[A-Za-z0-9_.:-]{1,127}$/;
const ASSET = /^[A-Z][A-Z0-9_:.-]{0,63}(\/[1-9][0-9]?)?$/;
const ITEM_ID = /^[!-~]{1,128}$/;
const REFERENCE = /^[ -~]{0,128}$/;
const UUID = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

const DESCRIPTION_MAX_BYTES = 512;
const NAME_MAX_BYTES = 128;
const METADATA_MAX_PAIRS = 16;
const METADATA_KEY_MAX_BYTES = 64;
const METADATA_VALUE_MAX_BYTES = 256;
const QUANTITY_MAX = 1_000_000n;
const PAGE_SIZE_DEFAULT = 50;
const PAGE_SIZE_MAX = 1000;
const PAGE_TOKEN_MAX = 16_384;
const ETAG_MAX = 64;

/** 0001-01-01 and the last second of 9999: what google.protobuf.Timestamp allows. */
const FIRST_SECOND = -62_135_596_800n;
const LAST_SECOND = 253_402_300_799n;
const LAST_NANO = 999_999_999;

/** Until callers are authenticated. */
export const NO_CALLER = '';

/** Collects what is wrong with a request, so that a caller learns all of it at once. */
export class RequestValidator {
  constructor(
    private readonly path = '',
    private readonly violations: FieldViolation[] = [],
  ) {}

  /** The validator of a message inside this one; its violations are collected here too. */
  within(path: string): RequestValidator {
    return new RequestValidator(`${this.path}${path}.`, this.violations);
  }

  /** Records a violation; the first ones count when there are very many. */
  addViolation(field: string, description: string): void {
    if (this.violations.length >= VIOLATIONS_MAX) return;
    this.violations.push({ field: `${this.path}${field}`, description });
  }

  /** Whether so many were recorded that further ones are not told: there is no need to look for them. */
  get isFull(): boolean {
    return this.violations.length >= VIOLATIONS_MAX;
  }

  /** Ends the checks: throws INVALID_FIELD with every violation. */
  throwIfInvalid(): void {
    if (this.violations.length > 0) throw invalidFields(this.violations);
  }

  requestId(value: string): string {
    return this.match('request_id', value, REQUEST_ID, 'must be 1 to 128 printable ASCII characters');
  }

  userId(field: string, value: string): string {
    if (value.startsWith('@')) this.addViolation(field, 'must be a user, not a system account');
    else this.match(field, value, USER_ID, 'must be 1 to 128 printable ASCII characters without spaces');
    return value;
  }

  optionalUserId(field: string, value: string): string {
    return value === '' ? value : this.userId(field, value);
  }

  /** A user or a system account. */
  accountUserId(field: string, value: string): string {
    if (!value.startsWith('@')) return this.userId(field, value);
    return this.match(field, value, SYSTEM_ID, 'must be @ and 1 to 127 of letters, digits and _.:-');
  }

  /** What the name of a user or of a system account begins with. */
  userIdPrefix(field: string, value: string): string {
    return this.match(
      field,
      value,
      USER_ID_PREFIX,
      'must be up to 128 printable ASCII characters without spaces',
    );
  }

  /** A system account, by default the one given. */
  systemAccount(field: string, value: string, otherwise: string): string {
    if (value === '') return otherwise;
    return this.match(
      field,
      value,
      SYSTEM_ID,
      'must be a system account: @ and 1 to 127 of letters, digits and _.:-',
    );
  }

  asset(field: string, value: string): string {
    return this.match(field, value, ASSET, 'must be like GOLD or USD/2, without a leading zero after /');
  }

  optionalAsset(field: string, value: string): string {
    return value === '' ? value : this.asset(field, value);
  }

  itemId(field: string, value: string): string {
    return this.match(field, value, ITEM_ID, 'must be 1 to 128 printable ASCII characters without spaces');
  }

  optionalItemId(field: string, value: string): string {
    return value === '' ? value : this.itemId(field, value);
  }

  /** A UUID in its one form: lower case. */
  uuid(field: string, value: string): string {
    return this.match(field, value, UUID, 'must be a UUID').toLowerCase();
  }

  name(field: string, value: string): string {
    if (value === '') this.addViolation(field, 'must not be empty');
    return this.text(field, value, NAME_MAX_BYTES);
  }

  description(value: string): string {
    return this.text('description', value, DESCRIPTION_MAX_BYTES);
  }

  reference(value: string): string {
    return this.match('reference', value, REFERENCE, 'must be up to 128 printable ASCII characters');
  }

  /** A request's scope: a user, `@catalog` or `@batch`. */
  scope(field: string, value: string): string {
    return this.match(field, value, ITEM_ID, 'must be 1 to 128 printable ASCII characters without spaces');
  }

  /** What an entry changes: signed, and not nothing. */
  change(field: string, value: bigint): bigint {
    if (value === 0n) this.addViolation(field, 'must not be zero');
    return this.negatable(field, value);
  }

  /** A signed amount. The smallest int64 has no negation, so a change of it could never be reversed. */
  negatable(field: string, value: bigint): bigint {
    if (value < -INT64_MAX) this.addViolation(field, `must be at least ${-INT64_MAX}`);
    return value;
  }

  positive(field: string, value: bigint): bigint {
    if (value <= 0n) this.addViolation(field, 'must be at least 1');
    return value;
  }

  notNegative(field: string, value: bigint): bigint {
    if (value < 0n) this.addViolation(field, 'must not be negative');
    return value;
  }

  quantity(field: string, value: bigint): bigint {
    if (value < 1n || value > QUANTITY_MAX) this.addViolation(field, `must be 1 to ${QUANTITY_MAX}`);
    return value;
  }

  annotations(request: {
    description: string;
    reference: string;
    metadata: ReadonlyMap<string, string>;
    effectiveTime?: Timestamp | undefined;
  }): Annotations {
    return {
      description: this.text('description', request.description, DESCRIPTION_MAX_BYTES),
      reference: this.match(
        'reference',
        request.reference,
        REFERENCE,
        'must be up to 128 printable ASCII characters',
      ),
      effectiveTime: this.optionalTime('effective_time', request.effectiveTime),
      // Last: so many pairs may be wrong that there is no room for more.
      metadata: this.metadata('metadata', request.metadata),
    };
  }

  /** Microseconds since 1970, or null when absent. */
  optionalTime(field: string, value: Timestamp | undefined): bigint | null {
    if (value === undefined) return null;
    const { seconds, nanos } = value;
    if (seconds < FIRST_SECOND || seconds > LAST_SECOND || nanos < 0 || nanos > LAST_NANO) {
      this.addViolation(field, 'must be a time in the years 1 to 9999');
      return null;
    }
    return seconds * 1_000_000n + BigInt(Math.floor(nanos / 1000));
  }

  /** One of the numbers that the enum defines. */
  enumValue<T extends number>(field: string, value: T, defined: readonly T[]): T {
    if (!defined.includes(value)) this.addViolation(field, 'is not a known value');
    return value;
  }

  /** How many rows a page has: a default for 0, the most for more. */
  pageSize(value: number): number {
    if (value < 0) this.addViolation('page_size', 'must not be negative');
    return value === 0 ? PAGE_SIZE_DEFAULT : Math.min(value, PAGE_SIZE_MAX);
  }

  /** In code points, as a page token. */
  etag(value: string): string {
    if (value.length > ETAG_MAX && [...value].length > ETAG_MAX)
      this.addViolation('etag', `must be up to ${ETAG_MAX} characters`);
    return value;
  }

  pageToken(value: string, field = 'page_token'): string {
    // In code points, as the contract counts: a length in UTF-16 units is never below it.
    if (value.length > PAGE_TOKEN_MAX && [...value].length > PAGE_TOKEN_MAX) {
      this.addViolation(field, `must be up to ${PAGE_TOKEN_MAX} characters`);
    }
    return value;
  }

  metadata(field: string, value: ReadonlyMap<string, string>): Annotations['metadata'] {
    if (value.size > METADATA_MAX_PAIRS) {
      this.addViolation(field, `must have up to ${METADATA_MAX_PAIRS} pairs`);
      return [];
    }
    const pairs = sortedMetadata(value);
    for (const [key, text] of pairs) {
      const name = `${field}[${JSON.stringify(key)}]`;
      if (key === '') this.addViolation(name, 'must have a key');
      this.text(name, key, METADATA_KEY_MAX_BYTES);
      this.text(name, text, METADATA_VALUE_MAX_BYTES);
    }
    return pairs;
  }

  private text(field: string, value: string, maxBytes: number): string {
    if (Buffer.byteLength(value) > maxBytes)
      this.addViolation(field, `must be up to ${maxBytes} bytes of UTF-8`);
    if (value.includes('\0')) this.addViolation(field, 'must not contain NUL');
    return value;
  }

  private match(field: string, value: string, pattern: RegExp, description: string): string {
    if (!pattern.test(value))
      this.addViolation(field, value === '' ? `is required: ${description}` : description);
    return value;
  }
}
