import type {
  BatchWriteItem,
  CaptureHoldRequest,
  CreditRequest,
  Leg,
  PlaceHoldRequest,
  PostTransactionRequest,
  PurchaseItem,
  PurchasePrice,
  PurchaseRequest,
  ReleaseHoldRequest,
  ReverseTransactionRequest,
  TransferRequest,
} from '@ledger/client';
import { parseInteger } from './amount';
import { parseTime } from './time';
import { UsageError } from './usage-error';

/** What a file says of a batch. */
export interface BatchFile {
  readonly writes: BatchWriteItem[];
  readonly atomic: boolean;
}

/**
 * Reads a `BatchWriteRequest` in proto3 JSON: `{"writes": [{"credit": {"userId": "ada", …}}], "atomic": true}`. What it
 * does not know is refused, since a misspelt field would otherwise be a field left out.
 *
 * @throws {UsageError} that names the place
 */
export function parseBatchFile(text: string): BatchFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`the batch is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { writes = [], atomic = false } = messageOf(BATCH, json, '');
  // What BATCH lets through has this form: each of its schemas is held to its message by the compiler.
  return { writes, atomic } as unknown as BatchFile;
}

type Field = 'text' | 'int64' | 'flag' | 'time' | 'pairs' | { readonly listOf: Schema };

interface Schema {
  readonly fields: { readonly [name: string]: Field };
  /** The name of the oneof, and its members. */
  readonly oneof?: readonly [name: string, members: { readonly [name: string]: Schema }];
}

type FieldsOf<Message, Oneof extends string = never> = {
  readonly [Name in Exclude<keyof Message, Oneof>]-?: Field;
};

const NOTE = { description: 'text', reference: 'text', metadata: 'pairs', effectiveTime: 'time' } as const;
const WRITE = { requestId: 'text', userId: 'text' } as const;

const LEG = {
  fields: {
    userId: 'text',
    asset: 'text',
    change: 'int64',
    expectedSequence: 'int64',
  } satisfies FieldsOf<Leg>,
} as const;
const PURCHASE_ITEM = {
  fields: { itemId: 'text', quantity: 'int64', priceVersion: 'int64' } satisfies FieldsOf<PurchaseItem>,
} as const;
const PURCHASE_PRICE = {
  fields: { asset: 'text', amount: 'int64', itemId: 'text' } satisfies FieldsOf<PurchasePrice>,
} as const;

const WRITES = {
  credit: {
    fields: {
      ...{ ...WRITE, asset: 'text', amount: 'int64', source: 'text' },
      ...NOTE,
    } satisfies FieldsOf<CreditRequest>,
  },
  purchase: {
    fields: { ...WRITE, destination: 'text', ...NOTE } satisfies FieldsOf<PurchaseRequest, 'subject'>,
    oneof: ['subject', { item: PURCHASE_ITEM, price: PURCHASE_PRICE }],
  },
  transfer: {
    fields: {
      ...{ requestId: 'text', fromUserId: 'text', toUserId: 'text', asset: 'text', amount: 'int64' },
      ...NOTE,
    } satisfies FieldsOf<TransferRequest>,
  },
  postTransaction: {
    fields: { ...WRITE, legs: { listOf: LEG }, ...NOTE } satisfies FieldsOf<PostTransactionRequest>,
  },
  reverseTransaction: {
    fields: {
      ...{ ...WRITE, transactionId: 'text', amount: 'int64', description: 'text' },
    } satisfies FieldsOf<ReverseTransactionRequest>,
  },
  placeHold: {
    fields: {
      ...{ ...WRITE, asset: 'text', amount: 'int64', expireTime: 'time', destination: 'text' },
    } satisfies FieldsOf<PlaceHoldRequest>,
  },
  captureHold: {
    fields: { ...WRITE, holdId: 'text', amount: 'int64' } satisfies FieldsOf<CaptureHoldRequest>,
  },
  releaseHold: { fields: { ...WRITE, holdId: 'text' } satisfies FieldsOf<ReleaseHoldRequest> },
} as const satisfies { readonly [Name in BatchWriteItem['write']['$case']]: Schema };

const BATCH: Schema = {
  fields: { writes: { listOf: { fields: {}, oneof: ['write', WRITES] } }, atomic: 'flag' },
};

interface Message {
  readonly [name: string]: unknown;
}

function messageOf(schema: Schema, json: unknown, path: string): Message {
  const [oneof = '', cases = {}] = schema.oneof ?? [];
  const message = Object.fromEntries(
    Object.entries(objectOf(json, path)).map(([key, value]) => {
      const name = key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      const place = path === '' ? key : `${path}.${key}`;
      const member = Object.hasOwn(cases, name) ? cases[name] : undefined;
      if (member !== undefined) return [oneof, { $case: name, value: messageOf(member, value, place) }];
      const field = Object.hasOwn(schema.fields, name) ? schema.fields[name] : undefined;
      if (field === undefined) throw new UsageError(`${place}: there is no such field`);
      return [name, valueOf(field, value, place)];
    }),
  );
  const given = Object.keys(objectOf(json, path)).length;
  if (Object.keys(message).length < given) throw new UsageError(`${path}: a field is there twice`);
  if (oneof !== '' && message[oneof] === undefined) {
    throw new UsageError(`${path}: one of ${Object.keys(cases).join(', ')} is needed`);
  }
  return message;
}

function valueOf(field: Field, json: unknown, path: string): unknown {
  if (typeof field === 'object') {
    if (!Array.isArray(json)) throw new UsageError(`${path}: a list is needed`);
    return json.map((element, at) => messageOf(field.listOf, element, `${path}[${at}]`));
  }
  switch (field) {
    case 'flag':
      if (typeof json === 'boolean') return json;
      throw new UsageError(`${path}: true or false is needed`);
    case 'int64':
      // JSON's own numbers are exact up to 2^53 only.
      if (typeof json === 'string' || Number.isSafeInteger(json)) return parseInteger(String(json), path);
      throw new UsageError(`${path}: an integer is needed, in quotes when it is large`);
    case 'pairs':
      for (const [key, value] of Object.entries(objectOf(json, path))) textOf(value, `${path}.${key}`);
      return json;
    case 'text':
      return textOf(json, path);
    case 'time':
      return parseTime(textOf(json, path));
  }
}

function objectOf(json: unknown, path: string): object {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json;
  throw new UsageError(`${path === '' ? 'the batch' : path}: an object is needed`);
}

function textOf(json: unknown, path: string): string {
  if (typeof json === 'string') return json;
  throw new UsageError(`${path}: a text is needed`);
}
