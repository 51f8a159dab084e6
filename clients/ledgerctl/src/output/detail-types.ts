import { create, createFileRegistry, type DescMessage, type Registry } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { contract } from '../contract';

/**
 * The types of error details for `toJson`, which fails on a `google.protobuf.Any` of a type that it does not know. A
 * newer server may send such details, so every other type stands for a message without fields here: the detail is
 * printed with its `@type` alone.
 */
export const detailTypes: Registry = Object.assign({}, contract, {
  getMessage: (typeName: string) => contract.getMessage(typeName) ?? messageWithoutFields(typeName),
});

function messageWithoutFields(typeName: string): DescMessage | undefined {
  const dot = typeName.lastIndexOf('.');
  const file = create(FileDescriptorProtoSchema, {
    ...{ name: `${typeName}.proto`, package: typeName.slice(0, Math.max(0, dot)), syntax: 'proto3' },
    messageType: [{ name: typeName.slice(dot + 1) }],
  });
  return createFileRegistry(file, () => undefined).getMessage(typeName);
}
