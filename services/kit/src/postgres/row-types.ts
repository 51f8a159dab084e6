import { types, type CustomTypesConfig } from 'pg';

const INT8_OID = 20;

/** How columns are read: int8 as bigint, where pg gives text; everything else as pg does. */
export const rowTypes: CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary'): unknown =>
    oid === INT8_OID ? (text: string) => BigInt(text) : types.getTypeParser(oid, format),
};
