import { Query, type Connection as WireConnection, type QueryArrayConfig } from 'pg';
import { rowTypes } from '@ledger/kit/postgres/row-types';
import type { Connection, PipelinedConnection } from './connection';

/** What a group uses of pg's side of the protocol; its types leave out some of it. */
interface Wire {
  /** The texts of the statements that the server has prepared for this connection, by their names. */
  readonly parsedStatements: Record<string, string | undefined>;
  /** Those that are on their way to be. */
  readonly submittedNamedStatements: Record<string, string | undefined>;
  parse(statement: { name: string; text: string }): void;
  bind(values: { statement: string; values: readonly unknown[] }): void;
  describe(what: { type: 'P' }): void;
  execute(): void;
  close(what: { type: 'S'; name: string }): void;
  sync(): void;
}

/** A statement of a group and whoever waits for its rows. */
interface Member {
  readonly name: string;
  readonly text: string;
  readonly values: readonly (string | Buffer | null)[];
  readonly rows: unknown[][];
  readonly resolve: (result: { rows: unknown[][] }) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Statements that travel together and are answered together. Each statement of pg ends with a Sync of its own, at which
 * the server sends what it has: seven answers for a batch, each of which wakes this process up. A group has one Sync.
 * When a statement fails the server passes over the rest of the group, and all of them are rejected with its error.
 *
 * It stands in for the connection while statements are handed over; those that come after it was sent go by themselves.
 */
export class StatementGroup implements Connection {
  private readonly members: Member[] = [];
  private isSent = false;

  constructor(private readonly connection: PipelinedConnection) {}

  /** Takes a statement in; its values are text, numbers, or bytes in Postgres's binary form. */
  query(config: QueryArrayConfig<unknown[]>): Promise<{ rows: unknown[][] }> {
    if (this.isSent) return this.connection.query(config);
    const { name, text, values = [] } = config;
    if (name === undefined) throw new TypeError('a statement of a group has a name');
    const sendable = values.map((value) => {
      if (value === null || typeof value === 'string' || Buffer.isBuffer(value)) return value;
      if (typeof value === 'number') return value.toString();
      // Found out before anything is sent: a COMMIT is to follow.
      throw new TypeError(`${name}: a value is neither text, a number nor bytes`);
    });
    return new Promise((resolve, reject) => {
      this.members.push({ name, text, values: sendable, rows: [], resolve, reject });
    });
  }

  /** Sends the statements, in their order. */
  send(): void {
    this.isSent = true;
    if (this.members.length > 0) this.connection.query(new GroupQuery(this.members));
  }
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
    for (const { name, text, values } of this.members) {
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
    wire.sync();
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
    for (const member of this.members.slice(this.answered)) {
      this.wire.submittedNamedStatements[member.name] = undefined;
      member.reject(error);
    }
    this.callback?.(error);
  }
}
