import { createFileRegistry, fromBinary, type DescMessage } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { createValidator, RuntimeError, type Violation } from '@bufbuild/protovalidate';
import type { Server } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { invalidFields, type FieldViolation } from './service-error';

/** The protos of a service, for reflection and for the `buf.validate` rules, which are nowhere said twice. */
export class Contract {
  readonly #bytes: Buffer;
  readonly #inputs: ReadonlyMap<string, DescMessage>;
  readonly #validator: ReturnType<typeof createValidator>;

  /** @param descriptorSet the google.protobuf.FileDescriptorSet that `npm run generate` writes, in base64 */
  constructor(descriptorSet: string) {
    this.#bytes = Buffer.from(descriptorSet, 'base64');
    const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, this.#bytes));
    this.#validator = createValidator({ registry });
    const services = [...registry].filter((described) => described.kind === 'service');
    this.#inputs = new Map(
      services.flatMap(({ typeName, methods }) =>
        methods.map(({ name, input }): [string, DescMessage] => [`/${typeName}/${name}`, input]),
      ),
    );
  }

  /**
   * Checks the bytes of a request by the rules of its message. A rule of the whole request names its field by the last
   * part of its id: `buy_capacity.potion_units`.
   *
   * @param path of the method: `/peepcoins.v1.PeepcoinsService/AddRoute`
   * @throws ServiceError INVALID_FIELD that names every field at fault, at most 24
   */
  check(path: string, bytes: Uint8Array): void {
    const schema = this.#inputs.get(path);
    if (schema === undefined) throw new TypeError(`${path} is not in the contract`);
    const { kind, violations, error } = this.#validator.validate(schema, read(schema, bytes));
    if (kind === 'valid') return;
    if (kind === 'invalid') throw invalidFields(violations.map(violationOf));
    // The rules come to nothing on these values: numbers that overflow, a time that is none, far too many items.
    if (error instanceof RuntimeError) throw invalidFields([{ field: '', description: BEYOND_RULES }]);
    throw error;
  }

  /** Serves reflection, v1 and v1alpha. Going through proto-loader would lose `optional`, imports and file names. */
  addReflection(server: Server, services: readonly string[]): void {
    const root = { descriptors: { fileDescriptorProtos: this.#files() } };
    // The types know only what proto-loader makes.
    const described = root as unknown as ConstructorParameters<typeof ReflectionService>[0];
    new ReflectionService(described, { services: [...services] }).addToServer(server);
  }

  /** The files of the set, whose only field (1) repeats them. */
  #files(): Buffer[] {
    const reader = new BinaryReader(this.#bytes);
    const files: Buffer[] = [];
    while (reader.pos < reader.len) {
      reader.tag();
      files.push(Buffer.from(reader.bytes()));
    }
    return files;
  }
}

const BEYOND_RULES = 'the request has values that no rule can judge';

function violationOf({ field, message, ruleId }: Violation): FieldViolation {
  const path = field.length > 0 ? pathToString(field) : ruleId.slice(ruleId.lastIndexOf('.') + 1);
  return { field: path, description: message };
}

function read(schema: DescMessage, bytes: Uint8Array): ReturnType<typeof fromBinary> {
  try {
    return fromBinary(schema, bytes);
  } catch {
    throw invalidFields([{ field: '', description: `the request is no ${schema.typeName}` }]);
  }
}
