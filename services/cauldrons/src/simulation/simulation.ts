import { Client, credentials } from '@grpc/grpc-js';
import type { Timestamp } from '@ledger/client';
import { isDeepStrictEqual } from 'node:util';
import { weekdayOf } from '../game-time';
import {
  type Booking,
  CauldronsServiceService as rpcs,
  type Customer,
  type GameTime,
  type GetAuditResponse,
  OrderSort,
} from '@ledger/proto/cauldrons/v1/cauldrons_service';
import { present } from '../present';
import { Account } from './account';
import { Random } from './random';
import { type Mishaps, type Outcome, UnreliableCaller } from './unreliable-caller';
import { customerOf, offersOf, RECIPES } from './world';

/** What to simulate. */
export interface SimulationOptions {
  /** The address of the service. */
  readonly address: string;
  /** A shop that does not exist yet. */
  readonly shopId: string;
  /** At least 1; a day has 12. */
  readonly ticks: number;
  /** The same seed makes the same offers and customers. */
  readonly seed: number;
  /** Called with each line of progress. */
  readonly say: (line: string) => void;
}

const TICKS_PER_DAY = 12;
const CUSTOMERS_MAX = 6;
/** The gold that a shop keeps for barrels when it buys capacity. */
const GOLD_RESERVE = 1_000n;
/** The number of progress lines. */
const LINES = 10;

/**
 * Simulates a shop over an unreliable network, and finally compares its audits with an account of the responses.
 *
 * @returns whether they agree
 * @throws Error when a call fails, when a repeat gets another response, or when something the shop planned is refused
 */
export async function simulate(options: SimulationOptions): Promise<boolean> {
  const client = new Client(options.address, credentials.createInsecure());
  try {
    return await new Simulation(client, options).run();
  } finally {
    client.close();
  }
}

/** An instant at which no call was in flight, and what the shop had then. */
interface Checkpoint {
  readonly asOfTime: Timestamp;
  readonly expected: GetAuditResponse;
}

class Simulation {
  readonly #account = new Account(RECIPES);
  readonly #mishaps: Mishaps = { calls: 0, repeated: 0, lost: 0 };
  readonly #random: Random;
  readonly #checkpoints: Checkpoint[] = [];
  #latest: Timestamp = { seconds: 0n, nanos: 0 };
  #sold = 0;
  #refused = 0;

  constructor(
    private readonly client: Client,
    private readonly options: SimulationOptions,
  ) {
    this.#random = new Random(options.seed);
  }

  async run(): Promise<boolean> {
    const { shopId, ticks } = this.options;
    await this.#reset('first');
    for (const recipe of RECIPES) await this.#caller().write(rpcs.putRecipe, { shopId, recipe });
    for (let tick = 0; tick < ticks; tick += 1) {
      const time = { day: Math.floor(tick / TICKS_PER_DAY), hour: (tick % TICKS_PER_DAY) * 2 };
      await this.#tick(`t${tick}`, time);
      // One reset in between, so that the final audit covers the time before and after a reset.
      if (tick === Math.floor(ticks / 3)) await this.#reset('second');
      this.#checkpoints.push({ asOfTime: this.#latest, expected: this.#account.audit() });
      if ((tick + 1) % Math.ceil(ticks / LINES) === 0) this.#tell(tick + 1, time);
    }
    return this.#close();
  }

  /** The shop restocks while customers buy. */
  async #tick(id: string, time: GameTime): Promise<void> {
    const { shopId } = this.options;
    if (time.hour === 0) await this.#grow(id, time.day);
    const customers = Array.from({ length: this.#random.between(0, CUSTOMERS_MAX) }, (_, n) =>
      customerOf(this.#random, `${id}-${n}`),
    );
    await this.#caller().write(rpcs.recordVisit, { shopId, visitId: id, time, customers });
    await Promise.all([
      this.#restock(id, this.#random.fork()),
      ...customers.map((customer) => this.#shopping(customer, time, this.#random.fork())),
    ]);
  }

  async #restock(orderId: string, random: Random): Promise<void> {
    const { shopId } = this.options;
    const caller = this.#caller(random);
    // No one else spends gold, ml or room, so what was planned is possible.
    const { barrels } = await caller.read(rpcs.planBarrels, { shopId, offers: offersOf(random) });
    if (barrels.length > 0) {
      planned(this.#booked(await caller.write(rpcs.deliverBarrels, { shopId, orderId, barrels })));
      this.#account.bought(barrels);
    }
    const { potions } = await caller.read(rpcs.planBottles, { shopId });
    if (potions.length > 0) {
      planned(this.#booked(await caller.write(rpcs.deliverBottles, { shopId, orderId, potions })));
      this.#account.filled(potions);
    }
  }

  /** A customer buys some items of the catalog, sometimes more than there are. */
  async #shopping(customer: Customer, time: GameTime, random: Random): Promise<void> {
    const { shopId } = this.options;
    const caller = this.#caller(random);
    const { items } = await caller.read(rpcs.getCatalog, { shopId });
    const wanted = random.some(items, random.between(1, 3)).map(({ recipe }) => ({
      ...{ sku: present(recipe).sku, quantity: BigInt(random.between(1, 4)) },
    }));
    if (wanted.length === 0) return;
    const request = { shopId, requestId: customer.customerId, customer };
    const { cartId } = present((await caller.write(rpcs.createCart, request)).answer);
    for (const item of wanted) await caller.write(rpcs.setCartItem, { shopId, cartId, ...item });
    const sale = this.#booked(await caller.write(rpcs.checkOut, { shopId, cartId, payment: 'gold', time }));
    if (sale === undefined) return;
    const total = this.#account.sold(wanted);
    if (sale.goldPaid !== total) throw new Error(`cart ${cartId} cost ${sale.goldPaid}, not ${total}`);
    this.#sold += 1;
  }

  async #grow(orderId: string, day: number): Promise<void> {
    const { shopId } = this.options;
    const spare = this.#account.audit().gold - GOLD_RESERVE;
    const units = spare < 0n ? 0n : spare / 2_000n;
    if (units === 0n) return;
    const [potionUnits, mlUnits] = [units > 10n ? 10n : units, 1n];
    const order = { shopId, orderId, day, potionUnits, mlUnits };
    planned(this.#booked(await this.#caller().write(rpcs.buyCapacity, order)));
    this.#account.grew(potionUnits, mlUnits);
  }

  async #reset(resetId: string): Promise<void> {
    const { shopId } = this.options;
    planned(this.#booked(await this.#caller().write(rpcs.resetShop, { shopId, resetId })));
    this.#account.reset();
  }

  /** Compares the shop with the account, now and as of the end of every tick. */
  async #close(): Promise<boolean> {
    const { shopId, say } = this.options;
    const expected = this.#account.audit();
    const audit = await this.#caller().read(rpcs.getAudit, { shopId, asOfTime: undefined });
    say('');
    const [there, answered] = [flat(audit), flat(expected)];
    for (const what of new Set([...Object.keys(there), ...Object.keys(answered)])) {
      const [count, should] = [there[what] ?? 0n, answered[what] ?? 0n];
      const verdict = count === should ? 'as answered' : `NOT ${should}`;
      say(`${what.padEnd(16)} ${String(count).padStart(8)}  ${verdict}`);
    }
    let past = 0;
    for (const checkpoint of this.#checkpoints) {
      const { asOfTime } = checkpoint;
      const then = await this.#caller().read(rpcs.getAudit, { shopId, asOfTime });
      if (isDeepStrictEqual(then, checkpoint.expected)) past += 1;
    }
    const found = await this.#orders();
    const { linesSold, goldFromSales } = this.#account;
    say(`${past} of ${this.#checkpoints.length} audits of past instants agree`);
    say(`${found.lines} order lines for ${found.gold} gold, ${linesSold} for ${goldFromSales} were answered`);
    const agrees =
      isDeepStrictEqual(audit, expected) &&
      past === this.#checkpoints.length &&
      found.lines === linesSold &&
      found.gold === goldFromSales;
    say(agrees ? 'the audit agrees with the account' : 'THE AUDIT DOES NOT AGREE WITH THE ACCOUNT');
    return agrees;
  }

  async #orders(): Promise<{ lines: number; gold: bigint }> {
    const { shopId } = this.options;
    const search = { shopId, customer: '', sku: '', sort: OrderSort.TOTAL, ascending: false, pageSize: 100 };
    let [lines, gold, pageToken] = [0, 0n, ''];
    do {
      const page = await this.#caller().read(rpcs.searchOrders, { ...search, pageToken });
      lines += page.lines.length;
      gold += page.lines.reduce((sum, { total }) => sum + total, 0n);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    return { lines, gold };
  }

  /** The response; undefined for a refusal, which changes nothing. */
  #booked<Answer extends { booking: Booking | undefined }>(outcome: Outcome<Answer>): Answer | undefined {
    if (outcome.answer === undefined) {
      this.#refused += 1;
      return undefined;
    }
    const time = present(present(outcome.answer.booking).createTime);
    if (isLater(time, this.#latest)) this.#latest = time;
    return outcome.answer;
  }

  #caller(random = this.#random.fork()): UnreliableCaller {
    return new UnreliableCaller(this.client, random, this.#mishaps);
  }

  #tell(tick: number, { day, hour }: GameTime): void {
    const { gold, ml, potions } = this.#account.audit();
    const { calls, repeated, lost } = this.#mishaps;
    const clock = `${weekdayOf(day).name} ${String(hour).padStart(2, '0')}:00`;
    this.options.say(
      `tick ${String(tick).padStart(4)} ${clock.padEnd(16)} gold ${gold} ml ${ml} potions ${potions}, ` +
        `${this.#sold} sales, ${this.#refused} refused; ${calls} calls, ${repeated} repeated, ${lost} answers lost`,
    );
  }
}

/** Checks that what the shop itself planned was not refused. */
function planned(answer: object | undefined): void {
  if (answer === undefined) throw new Error('the shop was refused what it had planned');
}

function isLater(one: Timestamp, other: Timestamp): boolean {
  return one.seconds === other.seconds ? one.nanos > other.nanos : one.seconds > other.seconds;
}

/** All numbers of an audit, by name. */
function flat({ mlByColour, potionsBySku, ...totals }: GetAuditResponse): Record<string, bigint> {
  const potions = potionsBySku.map(({ sku, quantity }) => [sku, quantity] as const);
  const ml = Object.entries(mlByColour ?? {}).map(([colour, amount]) => [`ml ${colour}`, amount] as const);
  return { ...totals, ...Object.fromEntries([...ml, ...potions]) };
}
