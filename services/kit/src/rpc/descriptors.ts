import { createFileRegistry, fromBinary, type FileRegistry } from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { DESCRIPTOR_SET_BASE64 } from '@ledger/proto/descriptors';

const descriptorSet = Buffer.from(DESCRIPTOR_SET_BASE64, 'base64');

let registry: FileRegistry | undefined;

/** Every message and service of all contracts, from the descriptors that `npm run generate` writes; built once. */
export function descriptorRegistry(): FileRegistry {
  registry ??= createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  return registry;
}

/** The encoded files of the google.protobuf.FileDescriptorSet, whose only field (1) repeats them. */
export function fileDescriptors(): Buffer[] {
  const reader = new BinaryReader(descriptorSet);
  const files: Buffer[] = [];
  while (reader.pos < reader.len) {
    reader.tag();
    files.push(Buffer.from(reader.bytes()));
  }
  return files;
}
