import { CallError } from './call-error';
import { requestCheck } from './request-check';

const SHOP = { shopId: 'shop', orderId: 'o' };

/** What is thrown. */
function errorOf(path: string, request: Record<string, unknown>): unknown {
  try {
    requestCheck(path)(request);
  } catch (error) {
    return error;
  }
  return undefined;
}

const buyCapacity = '/cauldrons.v1.CauldronsService/BuyCapacity';

it('accepts a request that keeps the rules', () => {
  expect(errorOf(buyCapacity, { ...SHOP, day: 0, potionUnits: 1n, mlUnits: 0n })).toBeUndefined();
});

it('names the field of a rule of the whole request', () => {
  const error = errorOf(buyCapacity, { ...SHOP, day: 0, potionUnits: 0n, mlUnits: 0n });
  expect(error).toBeInstanceOf(CallError);
  expect(error).toMatchObject({
    reason: 'INVALID_FIELD',
    message: 'potion_units: must be at least 1, or ml_units must be',
    metadata: { field: 'potion_units' },
    violations: [{ field: 'potion_units', description: 'must be at least 1, or ml_units must be' }],
  });
});

it('checks the messages within a request', () => {
  const potions = [
    { sku: 'RED_0', quantity: 1n },
    { sku: '%', quantity: 0n },
  ];
  expect(errorOf('/cauldrons.v1.CauldronsService/DeliverBottles', { ...SHOP, potions })).toMatchObject({
    violations: [{ field: 'potions[1].sku' }, { field: 'potions[1].quantity' }],
  });
});

it('names no more violations than fit the headers, and 3 in its message', () => {
  const potions = Array.from({ length: 100 }, () => ({ sku: '%', quantity: 0n }));
  const error = errorOf('/cauldrons.v1.CauldronsService/DeliverBottles', { ...SHOP, potions });
  if (!(error instanceof CallError)) throw error;
  expect(error.violations).toHaveLength(24);
  expect(error.message).toMatch(/^(potions[^;]*; ){3}and more$/);
});

it('refuses a method that is not in the contract', () => {
  expect(errorOf('/cauldrons.v1.CauldronsService/Brew', {})).toBeInstanceOf(TypeError);
});

it('refuses a method whose request has a map, which it could not check', () => {
  expect(errorOf('/ledger.v1.LedgerService/Credit', {})).toMatchObject({
    name: 'TypeError',
    message: expect.stringContaining('metadata'),
  });
});
