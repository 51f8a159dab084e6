import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { createFileRegistry, fromBinary, type DescField } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Client, credentials, Metadata, type ClientDuplexStream, type StatusObject } from '@grpc/grpc-js';
import { DESCRIPTOR_SET_BASE64 } from '@ledger/proto/descriptors';
import { Status } from '@ledger/proto/google/rpc/status';
import { AN_HOUR_MS } from './limits';
import type { RawAnswer, RawCall } from './raw-client';
import { waitUntil } from './wait-until';

const PATH = '/ledger.v1.LedgerService/WriteStream';

/** How a stream ended. */
export interface StreamEnd {
  readonly code: number;
  readonly message: string;
  /** The trailer `grpc-status-details-bin` as hex; empty when there is none. */
  readonly details: string;
}

/** A WriteStream without any codec of this repository: it shows the bytes that the server sent for each item. */
export class RawStream {
  /** By their tags. */
  readonly answers = new Map<number, RawAnswer>();
  /** That of each response, in order. */
  readonly windows: number[] = [];
  /** The size of each response. */
  readonly sizes: number[] = [];
  /** Resolves when the stream has ended. */
  readonly ended: Promise<StreamEnd>;
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Buffer, Buffer>;

  constructor(address: string, deadline = Date.now() + AN_HOUR_MS) {
    this.#client = new Client(address, credentials.createInsecure());
    this.#call = this.#client.makeBidiStreamRequest(PATH, sameBytes, sameBytes, new Metadata(), { deadline });
    this.#call.on('data', (response: Buffer) => this.#take(response));
    this.ended = this.#whenEnded();
  }

  /** Sends a message. */
  send(items: readonly Buffer[]): void {
    this.sendBytes(Buffer.concat(items.map((item) => lengthDelimited(ITEMS_FIELD, item))));
  }

  /** Sends these bytes as a message. */
  sendBytes(message: Buffer): void {
    this.#call.write(message);
  }

  /** The answer to an item, which was sent before or after. */
  async answer(tag: number): Promise<RawAnswer> {
    await waitUntil(`the item ${tag} is answered`, () => this.answers.has(tag));
    const answer = this.answers.get(tag);
    if (answer === undefined) throw new Error('it was taken away');
    return answer;
  }

  /** Sends a write by itself and gives its answer. */
  async write(call: RawCall, tag = this.answers.size + 1): Promise<RawAnswer> {
    this.send([streamItem(tag, call)]);
    return this.answer(tag);
  }

  /** Takes no more answers. */
  pause(): void {
    this.#call.pause();
  }

  /** Takes them again. */
  resume(): void {
    this.#call.resume();
  }

  /** Says that it sends nothing more. */
  end(): void {
    this.#call.end();
  }

  cancel(): void {
    this.#call.cancel();
  }

  close(): void {
    this.#call.cancel();
    this.#client.close();
  }

  #whenEnded(): Promise<StreamEnd> {
    // Told by the status as well.
    this.#call.on('error', () => undefined);
    return new Promise((resolve) => {
      this.#call.on('status', ({ code, details, metadata }: StatusObject) => {
        const [trailer] = metadata.get('grpc-status-details-bin');
        resolve({
          code,
          message: details,
          details: trailer instanceof Buffer ? trailer.toString('hex') : '',
        });
      });
    });
  }

  #take(response: Buffer): void {
    this.sizes.push(response.length);
    for (const { field, value } of fieldsOf(response)) {
      if (field === RESULTS_FIELD && value instanceof Buffer) this.#takeResult(value);
      if (field === WINDOW_FIELD && typeof value === 'number') this.windows.push(value);
    }
  }

  #takeResult(result: Buffer): void {
    let tag = 0;
    let replayed: string | undefined;
    let answer = { code: -1, message: '', bytes: 'none' };
    for (const { field, value } of fieldsOf(result)) {
      if (field === TAG_FIELD && typeof value === 'number') tag = value;
      else if (field === REPLAYED_FIELD && value === 1) replayed = 'true';
      else if (field === ERROR_FIELD && value instanceof Buffer) {
        const { code, message } = Status.decode(value);
        answer = { code, message, bytes: value.toString('hex') };
      } else if (value instanceof Buffer && field !== POSITION_FIELD) {
        answer = { code: 0, message: '', bytes: value.toString('hex') };
      }
    }
    this.answers.set(tag, { ...answer, replayed });
  }
}

const registry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, Buffer.from(DESCRIPTOR_SET_BASE64, 'base64')),
);

/** A field of a message of WriteStream, as the contract numbers it. */
function fieldOf(message: string, isIt: (field: DescField) => boolean): number {
  const field = registry.getMessage(`ledger.v1.${message}`)?.fields.find(isIt);
  if (field === undefined) throw new Error(`${message} has no such field`);
  return field.number;
}

const named = (name: string) => (field: DescField) => field.name === name;
const ITEMS_FIELD = fieldOf('WriteStreamRequest', named('items'));
const RESULTS_FIELD = fieldOf('WriteStreamResponse', named('results'));
const WINDOW_FIELD = fieldOf('WriteStreamResponse', named('window'));
const TAG_FIELD = fieldOf('WriteStreamItem', named('tag'));
const TIMEOUT_FIELD = fieldOf('WriteStreamItem', named('timeout'));
const REPLAYED_FIELD = fieldOf('WriteStreamResult', named('replayed'));
const ERROR_FIELD = fieldOf('WriteStreamResult', named('error'));
const POSITION_FIELD = fieldOf('WriteStreamResult', named('position'));

/** The item that sends what a unary call would send. */
export function streamItem(tag: number, { path, bytes }: RawCall, timeoutMs?: number): Buffer {
  const request = `${path.slice(path.lastIndexOf('/') + 1)}Request`;
  const field = fieldOf('WriteStreamItem', ({ message }) => message?.name === request);
  return itemOfParts(tag, lengthDelimited(field, bytes), timeoutMs);
}

/** An item with these bytes in place of a write. */
export function itemOfParts(tag: number, write: Buffer, timeoutMs?: number): Buffer {
  const head = new BinaryWriter().tag(TAG_FIELD, WireType.Varint).uint32(tag);
  if (timeoutMs !== undefined) {
    head.tag(TIMEOUT_FIELD, WireType.LengthDelimited).fork();
    const [seconds, nanos] = [Math.trunc(timeoutMs / 1_000), Math.trunc((timeoutMs % 1_000) * 1_000_000)];
    head.tag(1, WireType.Varint).int64(seconds).tag(2, WireType.Varint).int32(nanos).join();
  }
  return Buffer.concat([head.finish(), write]);
}

/** A field that has a length, with its tag. */
export function lengthDelimited(field: number, bytes: Uint8Array): Buffer {
  return Buffer.from(new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(bytes).finish());
}

function* fieldsOf(message: Buffer): Generator<{ field: number; value: Buffer | number }> {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (wireType === WireType.LengthDelimited) yield { field, value: Buffer.from(reader.bytes()) };
    else yield { field, value: reader.uint32() };
  }
}

function sameBytes(bytes: Buffer): Buffer {
  return bytes;
}
