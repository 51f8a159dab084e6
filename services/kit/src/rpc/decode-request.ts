import { BinaryReader } from '@bufbuild/protobuf/wire';
import { CallError } from './call-error';

/** How a kind of request is read from its bytes. */
export type Decode<Request> = (bytes: BinaryReader) => Request;

/**
 * Reads a request.
 *
 * @throws CallError INVALID_FIELD when the bytes are not a message of this kind
 */
export function decodeRequest<Request>(decode: Decode<Request>, bytes: Buffer): Request {
  try {
    const reader = new StrictReader(bytes);
    const request = decode(reader);
    if (reader.pos !== reader.len)
      throw new RangeError(`the message ends at ${reader.pos} of ${reader.len} bytes`);
    return request;
  } catch (error) {
    const description = 'is not a message of this method';
    const violations = [{ field: '', description }];
    throw new CallError('INVALID_FIELD', `the request ${description}`, { violations, cause: error });
  }
}

/** Text that is not UTF-8 makes no message, says proto3; the library's reader would put U+FFFD there. */
class StrictReader extends BinaryReader {
  override string(): string {
    return super.string(true);
  }
}
