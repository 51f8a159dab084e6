import { Query, type Connection as WireConnection, type QueryArrayConfig } from 'pg';
import { rowTypes } from '@ledger/kit/postgres/row-types';
import { asConnectionError } from '@ledger/kit/postgres/sql-state';
import type { Connection } from './connection';

/** What a group uses of pg's side of the protocol; pg's types leave out some of it. */
interface Wire {
  readonly stream: { cork(): void; uncork(): void };
  /** The texts of the statements that the server has prepared for this connection, by their names. */
  readonly parsedStatements: Record<string, string | undefined>;
  /** The same for statements that are on their way to the server. */
  readonly submittedNamedStatements: Record<string, string | undefined>;
  parse(statement: { name: string; text: string }): void;
  bind(values: { statement: string; values: readonly unknown[] }): void;
  describe(what: { type: 'P' }): void;
  execute(): void;
  close(what: { type: 'S'; name: string }): void;
  sync(): void;
}

interface Result {
  readonly rows: unknown[][];
}

/** What a client is given: a statement of ours, the text of one of TypeORM's, or a query that reads its own answer. */
type Given = [statement: QueryArrayConfig<unknown[]> | string | Query, values?: unknown[]];

/** A pg client with the private fields that a group needs. */
interface GroupingClient {
  query(...given: Given): Promise<Result>;
  readonly connection: Wire;
}

/** A statement of a group and whoever waits for its rows. */
interface Member {
  readonly name: string;
  readonly text: string;
  readonly values: readonly (string | Buffer | null)[];
  readonly rows: unknown[][];
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** The texts by which TypeORM's QueryRunner begins and ends a transaction. */
const START_TRANSACTION = 'START TRANSACTION';
const COMMIT = 'COMMIT';

const groups = new WeakMap<object, StatementGroup | null>();

/** The group of a connection; null when this version of pg lacks a private field that groups are made with. */
export function groupOf(connection: Connection): StatementGroup | null {
  let group = groups.get(connection);
  if (group === undefined) {
    group = isGroupingClient(connection) ? new StatementGroup(connection) : null;
    groups.set(connection, group);
  }
  return group;
}

/** How the statements of a batch travel on a connection, for the log. */
export function statementTransport(connection: Connection): 'in groups' | 'one by one' {
  return groupOf(connection) === null ? 'one by one' : 'in groups';
}

/**
 * Holds the statements that a connection is given back, and sends them together: in one write, with one Sync, so the
 * database answers once. Each statement of pg ends with a Sync of its own, at which the server sends what it has: seven
 * answers for a batch, each of which wakes this process up.
 *
 * START TRANSACTION and COMMIT of a QueryRunner join the group as well. START TRANSACTION is answered at once, before
 * it is sent, since nobody needs its answer; COMMIT sends the group. When a statement fails the server skips the rest
 * of the group, a COMMIT too, and all of these are rejected with its error.
 */
export class StatementGroup {
  /** null: statements are not held back. */
  private members: Member[] | null = null;
  private readonly pass: (...given: Given) => Promise<Result>;

  constructor(client: GroupingClient) {
    this.pass = client.query.bind(client);
    client.query = (...given) =>
      this.members === null ? this.pass(...given) : this.add(this.members, given);
  }

  /** From now on statements are held back. */
  hold(): void {
    this.members ??= [];
  }

  /** Sends what was held back, in the order in which it was given; statements after that go by themselves. */
  send(): void {
    const { members } = this;
    this.members = null;
    if (members !== null && members.length > 0) void this.pass(new GroupQuery(members));
  }

  /**
   * Rejects what was held back instead of sending it.
   *
   * @returns whether anything was held back
   */
  discard(error: unknown): boolean {
    const { members } = this;
    this.members = null;
    members?.forEach((member) => member.reject(error));
    return members !== null;
  }

  private add(members: Member[], [statement, parameters]: Given): Promise<Result> {
    if (statement instanceof Query) throw new TypeError('a group holds statements, not queries');
    const own = typeof statement === 'string';
    const text = own ? statement : statement.text;
    const name = own ? statement : statement.name;
    if (name === undefined) throw new TypeError('a statement of a group has a name');
    const values = ((own ? parameters : statement.values) ?? []).map((value) => sendable(name, value));
    if (text === START_TRANSACTION) {
      members.push({ name, text, values, rows: [], resolve: ignore, reject: ignore });
      return Promise.resolve({ rows: [] });
    }
    const answer = new Promise<Result>((resolve, reject) => {
      members.push({ name, text, values, rows: [], resolve, reject });
    });
    if (text === COMMIT) this.send();
    return answer;
  }
}

/** Found out before anything is sent: a COMMIT is to follow. */
function sendable(name: string, value: unknown): string | Buffer | null {
  if (value === null || typeof value === 'string' || Buffer.isBuffer(value)) return value;
  if (typeof value === 'number') return value.toString();
  throw new TypeError(`${name}: a value is neither text, a number nor bytes`);
}

function ignore(): void {
  // START TRANSACTION: what follows it in the group fails with it.
}

function isGroupingClient(connection: object): connection is GroupingClient {
  if (!('connection' in connection)) return false;
  const wire = connection.connection;
  if (typeof wire !== 'object' || wire === null) return false;
  const has = (name: string, type: 'function' | 'object'): boolean => {
    const field: unknown = Reflect.get(wire, name);
    return typeof field === type && field !== null;
  };
  return (
    ['parse', 'bind', 'describe', 'execute', 'close', 'sync'].every((name) => has(name, 'function')) &&
    ['stream', 'parsedStatements', 'submittedNamedStatements'].every((name) => has(name, 'object'))
  );
}

const NOT_SENT = { parsedStatements: {}, submittedNamedStatements: {} };

/** A group as pg carries it: one query whose answer is that of each of its statements, one after the other. */
class GroupQuery extends Query {
  /** Set by pg, which gives the connection up unless it is called in time. */
  callback?: (error?: Error) => void;

  private wire: Pick<Wire, 'parsedStatements' | 'submittedNamedStatements'> = NOT_SENT;
  private parsers: ((text: string) => unknown)[] = [];
  private answered = 0;

  constructor(private readonly members: readonly Member[]) {
    super('');
  }

  override submit = (connection: WireConnection): void => {
    const wire = connection as unknown as Wire;
    this.wire = wire;
    // One system call for all: written one by one, each message wakes the database up.
    wire.stream.cork();
    try {
      for (const member of this.members) this.write(wire, member);
      wire.sync();
    } finally {
      wire.stream.uncork();
    }
  };

  handleRowDescription({ fields }: { fields: readonly { dataTypeID: number }[] }): void {
    this.parsers = fields.map(
      ({ dataTypeID }) => rowTypes.getTypeParser(dataTypeID) as (text: string) => unknown,
    );
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    const { parsers } = this;
    this.members[this.answered]?.rows.push(
      fields.map((field, column) => (field === null ? null : parsers[column]?.(field))),
    );
  }

  handleCommandComplete(): void {
    const member = this.members[this.answered];
    this.answered += 1;
    if (member === undefined) return;
    this.wire.parsedStatements[member.name] = member.text;
    this.wire.submittedNamedStatements[member.name] = undefined;
    member.resolve({ rows: member.rows });
  }

  handleReadyForQuery(): void {
    this.callback?.();
  }

  /** A statement failed, the connection is lost, or the answer did not come in time. */
  handleError(error: Error): void {
    // What has no state did not come from the server: pg tells of the connection, in words of its own.
    const reason = asConnectionError(error);
    for (const member of this.members.slice(this.answered)) {
      this.wire.submittedNamedStatements[member.name] = undefined;
      member.reject(reason);
    }
    this.callback?.(error);
  }

  private write(wire: Wire, { name, text, values }: Member): void {
    if ((wire.parsedStatements[name] ?? wire.submittedNamedStatements[name]) === undefined) {
      // A group that failed may have come as far as this. To close a statement that is not there is no error.
      wire.close({ type: 'S', name });
      wire.parse({ name, text });
      wire.submittedNamedStatements[name] = text;
    }
    wire.bind({ statement: name, values });
    wire.describe({ type: 'P' });
    wire.execute();
  }
}
