import { createFileRegistry, fromBinary, ScalarType, type DescMethod } from '@bufbuild/protobuf';
import {
  FeatureSet_FieldPresence,
  FileDescriptorSetSchema,
  MethodOptions_IdempotencyLevel as Level,
} from '@bufbuild/protobuf/wkt';
import { status } from '@grpc/grpc-js';
import { DESCRIPTOR_SET_BASE64 } from '@ledger/proto/descriptors';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { ReflectionClient } from '../harness/reflection-client';

const SERVICES = ['ledger.v1.LedgerService', 'ledger.v1.CatalogService', 'ledger.v1.AccountService'];

const WRITES = [
  ...['Credit', 'Purchase', 'Transfer', 'PostTransaction', 'ReverseTransaction', 'BatchWrite'],
  ...['PlaceHold', 'CaptureHold', 'ReleaseHold', 'PutItem', 'UpdateAccount'],
];

const contract = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, Buffer.from(DESCRIPTOR_SET_BASE64, 'base64')),
);
const methods: readonly DescMethod[] = SERVICES.flatMap((name) => contract.getService(name)?.methods ?? []);

/** A stream has no single answer; the tests of WatchEntries, VerifyLedger and WriteStream are its own. */
const UNARY = methods.filter(({ methodKind }) => methodKind === 'unary');

let ledger: LedgerUnderTest;

beforeAll(async () => {
  ledger = await startLedger(1);
});
afterAll(() => ledger.dispose());

describe.each(['v1', 'v1alpha'] as const)('reflection %s', (version) => {
  let reflection: ReflectionClient;

  beforeAll(() => {
    reflection = new ReflectionClient(ledger.servers[0]!.address, version);
  });
  afterAll(() => reflection.close());

  it('lists the services of the contract and health, and nothing else', async () => {
    expect((await reflection.services()).sort()).toEqual([...SERVICES, 'grpc.health.v1.Health'].sort());
  });

  it.each([...SERVICES, 'grpc.health.v1.Health'])('describes %s to the last message', async (name) => {
    const described = await reflection.describe(name);
    const signatures = (service = contract.getService(name)): string[] =>
      (service?.methods ?? []).map(
        ({ name: rpc, input, output, methodKind, idempotency }) =>
          `${rpc}(${input.typeName}) ${output.typeName} ${methodKind} ${Level[idempotency]}`,
      );
    expect(signatures(described.getService(name))).toEqual(signatures());
    expect(signatures()).not.toEqual([]);
  });

  it('keeps what is optional apart from what is zero, and oneofs', async () => {
    const described = await reflection.describe('ledger.v1.LedgerService');
    const fields = described.getMessage('ledger.v1.Balance')?.fields ?? [];
    const optional = fields.filter(({ proto }) => proto.proto3Optional).map(({ name }) => name);
    expect(optional).toEqual(['held', 'available']);
    const explicit = fields.filter(
      ({ presence, fieldKind, scalar }) =>
        presence === FeatureSet_FieldPresence.EXPLICIT &&
        fieldKind === 'scalar' &&
        scalar === ScalarType.INT64,
    );
    expect(explicit.map(({ name }) => name)).toEqual(['held', 'available']);
    const [subject] = described.getMessage('ledger.v1.PurchaseRequest')?.oneofs ?? [];
    expect(subject).toMatchObject({ name: 'subject', fields: [{ name: 'item' }, { name: 'price' }] });
  });

  it('knows no symbol that is not there', async () => {
    await expect(reflection.describe('ledger.v1.BurnService')).rejects.toThrow('reflection answers');
  });
});

describe('the contract', () => {
  it('has 28 rpcs', () => {
    expect(methods).toHaveLength(28);
  });

  it.each(methods.map((method): [string, DescMethod] => [method.name, method]))(
    'says of %s whether a repeat is safe',
    (name, { idempotency, input }) => {
      const isWrite = [...WRITES, 'WriteStream'].includes(name);
      expect(Level[idempotency]).toBe(isWrite ? 'IDEMPOTENT' : 'NO_SIDE_EFFECTS');
      // GetRequest asks for a request id, and is a read.
      const hasRequestId = input.fields.some((field) => field.name === 'request_id');
      expect(hasRequestId).toBe(WRITES.includes(name) || name === 'GetRequest');
    },
  );

  it.each(UNARY.map((method): [string, DescMethod] => [method.name, method]))(
    'is served by %s',
    async (name, { parent }) => {
      const path = `/${parent.typeName}/${name}`;
      const { code } = await ledger.raw().send({ path, bytes: Buffer.alloc(0) });
      expect([status.INVALID_ARGUMENT, status.OK]).toContain(code);
    },
  );
});
