import { checkLedger } from '../harness/check-ledger';
import { creditOf, NO_LIMIT, startEngine, type EngineUnderTest } from '../harness/engine-under-test';

const UNLUCKY = 13n;
const WRITES = 128;
/** The whole batch, and then one of two halves seven times: 128 is 2 to the 7th. */
const FAILED_ATTEMPTS = 8;

const REFUSAL = `
  CREATE FUNCTION ledger.refuse_unlucky() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF NEW.change = ${UNLUCKY} THEN RAISE EXCEPTION 'no' USING ERRCODE = TG_ARGV[0]; END IF;
    RETURN NEW;
  END $$;`;

describe.each([
  ['a check', '23514', `ALTER TABLE ledger.entries ADD CHECK (change <> ${UNLUCKY})`],
  ['a trigger whose error may be anybody’s', 'P0001', trigger('BEFORE INSERT', 'TRIGGER', 'P0001')],
  ['a limit of the server', '54000', trigger('BEFORE INSERT', 'TRIGGER', '54000')],
  [
    'a constraint that is checked at COMMIT',
    '23000',
    trigger('AFTER INSERT', 'CONSTRAINT TRIGGER', '23000', 'DEFERRABLE INITIALLY DEFERRED'),
  ],
])('a command that the database refuses by %s (%s)', (_what, state, sql) => {
  let engine: EngineUnderTest;

  beforeAll(async () => {
    engine = await startEngine();
    await engine.database.query(sql);
  });
  afterAll(() => engine.dispose());

  it('fails alone, after no more attempts than it takes to find it', async () => {
    const submitted = Array.from({ length: WRITES }, (_, n) =>
      engine.commit.submit(creditOf(`user-${n}`, 'once', { amount: n === 77 ? UNLUCKY : 1n }), NO_LIMIT),
    );
    const results = await Promise.allSettled(submitted);

    for (const [n, result] of results.entries()) {
      if (n !== 77) expect(result).toMatchObject({ status: 'fulfilled', value: { code: 0 } });
      else expect(result).toMatchObject({ status: 'rejected', reason: { reason: 'INTERNAL' } });
    }
    expect(engine.faults).toHaveLength(FAILED_ATTEMPTS);
    expect(engine.faults.at(-1)).toMatchObject({ batchSize: 1, action: 'reject', error: { code: state } });
    expect(await checkLedger(engine.database)).toEqual([]);
  });
});

describe('a fault of the set-up, which every command meets', () => {
  it('fails a batch without an attempt for each of its commands', async () => {
    const engine = await startEngine();
    await engine.database.query('ALTER TABLE ledger.entries RENAME TO entries_of_old');
    const submitted = Array.from({ length: WRITES }, (_, n) =>
      engine.commit.submit(creditOf(`user-${n}`, 'once'), NO_LIMIT),
    );
    for (const result of await Promise.allSettled(submitted)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { reason: 'INTERNAL' } });
    }
    expect(engine.faults.length).toBeLessThan(WRITES / 2);
    await engine.dispose();
  });
});

function trigger(when: string, kind: string, state: string, how = ''): string {
  return `${REFUSAL}
    CREATE ${kind} unlucky ${when} ON ledger.entries ${how}
      FOR EACH ROW EXECUTE FUNCTION ledger.refuse_unlucky('${state}')`;
}
