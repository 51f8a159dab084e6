import { DESCRIPTOR_SET_BASE64 } from '@ledger/proto/descriptors';
import { Contract } from './contract';

const contract = new Contract(DESCRIPTOR_SET_BASE64);

/** The tag of `legs`, field 3, before a message. */
const LEGS = (3 << 3) | 2;

/** What is thrown. */
function errorOf(path: string, bytes: Buffer): unknown {
  try {
    contract.check(path, bytes);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('a contract', () => {
  it('refuses a request on which its rules come to nothing, as it does any other', () => {
    // So many legs that the search for two of the same account ends for want of stack.
    const bytes = Buffer.concat(Array.from({ length: 20_000 }, () => Buffer.from([LEGS, 0])));
    expect(errorOf('/ledger.v1.LedgerService/PostTransaction', bytes)).toMatchObject({
      message: 'the request has values that no rule can judge',
      facts: { reason: 'INVALID_FIELD', metadata: { field: '' } },
    });
  });

  it('names the field of a rule of the whole request', () => {
    expect(errorOf('/ledger.v1.LedgerService/Transfer', Buffer.alloc(0))).toMatchObject({
      facts: {
        violations: expect.arrayContaining([
          { field: 'to_user_id', description: 'to_user_id must differ from from_user_id' },
        ]),
      },
    });
  });

  it('begins its message with no colon when no field is at fault', () => {
    expect(errorOf('/ledger.v1.LedgerService/Transfer', Buffer.from('ffffff', 'hex'))).toMatchObject({
      message: 'the request is no ledger.v1.TransferRequest',
    });
  });
});
