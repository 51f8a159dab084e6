import { createFileRegistry, fromBinary, type JsonValue, toJson as messageToJson } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { DESCRIPTOR_SET_BASE64 } from '@ledger/proto/descriptors';
import * as account from '@ledger/proto/ledger/v1/account_service';
import * as catalog from '@ledger/proto/ledger/v1/catalog_service';
import * as messages from '@ledger/proto/ledger/v1/ledger';
import * as ledger from '@ledger/proto/ledger/v1/ledger_service';

type Codecs = typeof account & typeof catalog & typeof messages & typeof ledger;

/** The name of a message of the ledger, such as `Transaction` or `CreditResponse`. */
export type MessageName = Exclude<
  { [Name in keyof Codecs]: Codecs[Name] extends Codec<never> ? Name : never }[keyof Codecs],
  `${string}_${string}`
>;

/** The message of that name. */
export type MessageOf<Name extends MessageName> = Codecs[Name] extends Codec<infer Message> ? Message : never;

interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array };
}

/**
 * A message in the JSON of Protobuf, for an HTTP response: int64 as decimal text, times as RFC 3339, enums by their names
 * in the contract, bytes in base64, and every field, also those that have their default.
 *
 * ```ts
 * response.json(toJson('Transaction', transaction));
 * ```
 */
export function toJson<Name extends MessageName>(name: Name, message: MessageOf<Name>): JsonValue {
  const { registry } = descriptors();
  const schema = registry.getMessage(`ledger.v1.${name}`);
  if (schema === undefined) throw new TypeError(`${name} is no message of the ledger`);
  const byName: { readonly [Each in MessageName]: Codec<MessageOf<Each>> } = {
    ...{ ...account, ...catalog, ...messages, ...ledger },
  };
  const bytes = byName[name].encode(message).finish();
  // Details of errors are messages of any type, so they need the registry too.
  return messageToJson(schema, fromBinary(schema, bytes), { registry, alwaysEmitImplicit: true });
}

let known: { readonly registry: ReturnType<typeof createFileRegistry> } | undefined;

/** Read at the first use: it takes as long as loading the rest of the client. */
function descriptors(): { readonly registry: ReturnType<typeof createFileRegistry> } {
  const bytes = (): Buffer => Buffer.from(DESCRIPTOR_SET_BASE64, 'base64');
  known ??= { registry: createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes())) };
  return known;
}
