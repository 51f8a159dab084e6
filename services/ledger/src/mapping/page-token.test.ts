import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { PageTokens, type PageFilter } from './page-token';
import { CallError } from '@ledger/kit/rpc/call-error';

const tokens = new PageTokens(createHash('sha256').update('secret').digest());
const filter: PageFilter = ['ListEntries', 'ada', 'GOLD', true, 12n, null, '1,2'];
const position = Buffer.from('position');

const filters = fc.tuple(
  fc.constantFrom('ListEntries', 'ListItems'),
  fc.oneof(fc.string(), fc.boolean(), fc.constant(null)),
  fc.oneof(fc.string(), fc.boolean(), fc.constant(null)),
);
const positions = fc.uint8Array({ maxLength: 64 });

it('gives the position back to the same filter', () => {
  fc.assert(
    fc.property(filters, positions, (bound, bytes) => {
      const token = tokens.seal(bound, bytes);
      expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
      expect([...tokens.open(bound, token)!]).toEqual([...bytes]);
    }),
  );
});

it('gives it back at another server with the same secret, and at none with another', () => {
  const secret = Buffer.alloc(32, 1);
  const token = new PageTokens(secret).seal(filter, position);
  expect(new PageTokens(Buffer.from(secret)).open(filter, token)).toEqual(position);
  expect(() => new PageTokens(Buffer.alloc(32, 2)).open(filter, token)).toThrow(CallError);
});

it('gives nothing back to another filter', () => {
  fc.assert(
    fc.property(filters, filters, positions, (bound, other, bytes) => {
      fc.pre(JSON.stringify(bound) !== JSON.stringify(other));
      expect(() => tokens.open(other, tokens.seal(bound, bytes))).toThrow(CallError);
    }),
  );
});

it('distinguishes values that look alike', () => {
  const token = tokens.seal(['ListEntries', 'null', '1,2'], position);
  for (const other of [
    ['ListEntries', null, '1,2'],
    ['ListEntries', 'null', '1', '2'],
    ['ListEntries', 'null'],
    ['ListEntries,null', '1,2'],
  ] as PageFilter[]) {
    expect(() => tokens.open(other, token)).toThrow(CallError);
  }
});

it('takes no token for the first page', () => {
  expect(tokens.open(filter, '')).toBeNull();
});

it('refuses a token with any bit of it turned', () => {
  const bytes = Buffer.from(tokens.seal(filter, position), 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const turned = Buffer.from(bytes);
    turned[bit >> 3]! ^= 1 << (bit & 7);
    expect(() => tokens.open(filter, turned.toString('base64url'))).toThrow(CallError);
  }
});

it('refuses every other way to write the same bytes', () => {
  // 31 bytes: the last character carries four bits that mean nothing.
  const token = tokens.seal(filter, Buffer.alloc(14));
  const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  for (const character of last) {
    const other = token.slice(0, -1) + character;
    if (other !== token) expect(() => tokens.open(filter, other)).toThrow(CallError);
  }
  for (const other of [`${token}=`, `${token}\n`, ` ${token}`, `${token.slice(0, 9)}*${token.slice(9)}`]) {
    expect(() => tokens.open(filter, other)).toThrow(CallError);
  }
});

it('says which field is wrong, and nothing of what it was made', () => {
  let thrown: unknown;
  try {
    tokens.open(filter, 'forged');
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(CallError);
  expect(thrown).toMatchObject({
    ...{ reason: 'INVALID_FIELD', metadata: { field: 'page_token' } },
    message: 'page_token must be a next_page_token of the same call with the same filter',
    violations: [expect.objectContaining({ field: 'page_token' })],
  });
});
