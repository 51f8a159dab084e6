import {
  create,
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  type Registry,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { DESCRIPTOR_SET_BASE64 } from '@ledger/proto/descriptors';
import * as account from '@ledger/proto/ledger/v1/account_service';
import * as catalog from '@ledger/proto/ledger/v1/catalog_service';
import * as ledger from '@ledger/proto/ledger/v1/ledger_service';

// Loading this file takes as long as the rest of the program: only commands that talk to the ledger import it.

/** The descriptors of all messages, read from the contract itself. */
const contract: FileRegistry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, Buffer.from(DESCRIPTOR_SET_BASE64, 'base64')),
);

/** The name of a message of the ledger's services, such as `CreditResponse`. */
export type MessageName = {
  [Name in keyof Generated]: Generated[Name] extends { decode(bytes: Uint8Array): unknown } ? Name : never;
}[keyof Generated];

/** The TypeScript type of a message. */
export type MessageOf<Name extends MessageName> = Generated[Name] extends {
  decode(bytes: Uint8Array): infer M;
}
  ? M
  : never;

/** Encodes and decodes each message. */
export const codecs: { readonly [Name in MessageName]: Codec<MessageOf<Name>> } = {
  ...account,
  ...catalog,
  ...ledger,
};

/** @throws {TypeError} when the contract has no such message */
export function descriptorOf(name: MessageName): DescMessage {
  const descriptor = contract.getMessage(`ledger.v1.${name}`);
  if (descriptor === undefined) throw new TypeError(`there is no message ledger.v1.${name}`);
  return descriptor;
}

/**
 * The types of error details for `toJson`, which fails on a `google.protobuf.Any` of a type that it does not know. A
 * newer server may send such details, so every other type stands for a message without fields here: the detail is
 * printed with its `@type` alone.
 */
export const detailTypes: Registry = Object.assign({}, contract, {
  getMessage: (typeName: string) => contract.getMessage(typeName) ?? messageWithoutFields(typeName),
});

type Generated = typeof account & typeof catalog & typeof ledger;

interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

function messageWithoutFields(typeName: string): DescMessage | undefined {
  const dot = typeName.lastIndexOf('.');
  const file = create(FileDescriptorProtoSchema, {
    ...{ name: `${typeName}.proto`, package: typeName.slice(0, Math.max(0, dot)), syntax: 'proto3' },
    messageType: [{ name: typeName.slice(dot + 1) }],
  });
  return createFileRegistry(file, () => undefined).getMessage(typeName);
}
