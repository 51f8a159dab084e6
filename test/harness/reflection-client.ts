import { createFileRegistry, fromBinary, type FileRegistry } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { FileDescriptorProtoSchema, type FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { Client, credentials } from '@grpc/grpc-js';
import { AN_HOUR_MS } from './limits';

export type ReflectionVersion = 'v1' | 'v1alpha';

/** Field numbers of ServerReflectionRequest and ServerReflectionResponse; both versions have the same. */
const REQUEST = { fileByFilename: 3, fileContainingSymbol: 4, listServices: 7 };
const RESPONSE = { fileDescriptors: 4, services: 6, error: 7 };
const LENGTH_DELIMITED = 2;

/** What a server says of itself through grpc.reflection. */
export class ReflectionClient {
  readonly #client: Client;

  constructor(
    address: string,
    private readonly version: ReflectionVersion,
  ) {
    this.#client = new Client(address, credentials.createInsecure());
  }

  /** Full names of the services, in their order. */
  async services(): Promise<string[]> {
    const list = only(await this.ask(REQUEST.listServices, '*'), RESPONSE.services);
    return fieldsOf(list).map(({ bytes }) => only(fieldsOf(bytes), 1).toString());
  }

  /** The file that declares a symbol, with all that it imports. */
  async describe(symbol: string): Promise<FileRegistry> {
    const files = new Map<string, FileDescriptorProto>();
    let [missing] = await this.files(REQUEST.fileContainingSymbol, symbol, files);
    while (missing !== undefined) [missing] = await this.files(REQUEST.fileByFilename, missing, files);
    return createFileRegistry({
      ...{ $typeName: 'google.protobuf.FileDescriptorSet' },
      file: inOrder(files),
    });
  }

  close(): void {
    this.#client.close();
  }

  /** Adds what came; returns what is imported and not there yet. */
  private async files(
    request: number,
    name: string,
    known: Map<string, FileDescriptorProto>,
  ): Promise<string[]> {
    for (const { bytes } of fieldsOf(only(await this.ask(request, name), RESPONSE.fileDescriptors))) {
      const file = fromBinary(FileDescriptorProtoSchema, bytes);
      known.set(file.name, file);
    }
    return [...known.values()].flatMap((file) => file.dependency).filter((path) => !known.has(path));
  }

  private ask(field: number, value: string): Promise<Field[]> {
    const path = `/grpc.reflection.${this.version}.ServerReflection/ServerReflectionInfo`;
    const request = Buffer.from(new BinaryWriter().tag(field, LENGTH_DELIMITED).string(value).finish());
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + AN_HOUR_MS;
      const stream = this.#client.makeBidiStreamRequest(path, asIs, asIs, { deadline });
      stream.on('error', reject);
      stream.on('data', (bytes: Buffer) => resolve(fieldsOf(bytes)));
      stream.end(request);
    });
  }
}

interface Field {
  readonly number: number;
  readonly bytes: Buffer;
}

/** The length-delimited fields of a message. */
function fieldsOf(bytes: Uint8Array): Field[] {
  const reader = new BinaryReader(bytes);
  const fields: Field[] = [];
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (type === LENGTH_DELIMITED) fields.push({ number, bytes: Buffer.from(reader.bytes()) });
    else reader.skip(type, number);
  }
  return fields;
}

function only(fields: readonly Field[], number: number): Buffer {
  const error = fields.find((field) => field.number === RESPONSE.error);
  const found = fields.find((field) => field.number === number);
  if (found === undefined) throw new Error(`reflection answers ${error?.bytes.toString() ?? 'nothing'}`);
  return found.bytes;
}

/** Each file after what it imports. */
function inOrder(files: ReadonlyMap<string, FileDescriptorProto>): FileDescriptorProto[] {
  const ordered = new Set<FileDescriptorProto>();
  const add = (file: FileDescriptorProto | undefined): void => {
    if (file === undefined || ordered.has(file)) return;
    for (const path of file.dependency) add(files.get(path));
    ordered.add(file);
  };
  for (const file of files.values()) add(file);
  return [...ordered];
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}
