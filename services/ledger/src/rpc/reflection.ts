import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { Server } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { DESCRIPTOR_SET_BASE64 } from '@ledger/proto/descriptors';

/**
 * Serves reflection, v1 and v1alpha, from the descriptors that the contract was built to. Going through
 * proto-loader would lose `optional`, imports and file names.
 */
export function addReflection(server: Server, services: readonly string[]): void {
  const root = { descriptors: { fileDescriptorProtos: fileDescriptors() } };
  const reflection = new ReflectionService(
    root as unknown as ConstructorParameters<typeof ReflectionService>[0],
    {
      services: [...services],
    },
  );
  reflection.addToServer(server);
}

/** The files of a google.protobuf.FileDescriptorSet, whose only field (1) repeats them. */
function fileDescriptors(): Buffer[] {
  const reader = new BinaryReader(Buffer.from(DESCRIPTOR_SET_BASE64, 'base64'));
  const files: Buffer[] = [];
  while (reader.pos < reader.len) {
    reader.tag();
    files.push(Buffer.from(reader.bytes()));
  }
  return files;
}
