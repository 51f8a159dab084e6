import { readFileSync } from 'node:fs';
import type { Http2Server, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { AddressBudgets } from './address-budget';
import type { ConnectionLimits } from './connection-limits';
import { GuardedConnection, type ConnectionEvents } from './guarded-connection';
import { admitConnections } from './http2-parts';
import { replaceStreams } from './stream-map';

/** What a guard needs besides its limits. */
export interface GuardParts extends Omit<ConnectionEvents, 'incomingBytes' | 'isFull'> {
  readonly limits: ConnectionLimits & { readonly concurrentStreamsMax: number };
  /** For a log of level debug: each connection that opens and closes. */
  readonly trace?: ((what: string, fields: Readonly<Record<string, unknown>>) => void) | undefined;
}

/** Descriptors for the database, files and the like, out of those that the system allows this process. */
const OTHER_DESCRIPTORS = 100;
/** Streams that are looked at in one turn of the event loop. */
const STREAMS_PER_TURN = 2_000;
const SWEEP_INTERVAL_MS = 250;
/** What each connection may have at the same time, however many there are. */
const CALLS_MIN = 8;

/**
 * Keeps callers from holding what others need: connections that are too many or never begin, calls that never end or are
 * cancelled again and again, requests that come in part, answers that nobody reads.
 */
export class ConnectionGuard {
  private readonly connections = new Set<GuardedConnection>();
  /** In the order in which they came. */
  private readonly halfOpen = new Set<GuardedConnection>();
  private readonly addresses: AddressBudgets;
  /** Those that sent calls when it was last looked, and those that have begun since to send many. */
  private active = new Set<GuardedConnection>();
  private sockets = 0;
  private readonly connectionsMax: number;
  private readonly events: ConnectionEvents;
  private timer: NodeJS.Timeout | null = null;
  private sweeping = false;

  constructor(private readonly parts: GuardParts) {
    const { requestMaxBytes, isStream, takesStream, tell, limits } = parts;
    this.addresses = new AddressBudgets(limits);
    this.events = {
      ...{ incomingBytes: 0, requestMaxBytes, isStream, takesStream, tell },
      isFull: (connection) => this.allowMore(connection),
    };
    const allowed = descriptorsMax() - OTHER_DESCRIPTORS;
    this.connectionsMax = Math.max(1, Math.min(limits.connectionsMax, allowed));
    if (this.connectionsMax < limits.connectionsMax)
      tell('fewer connections are taken: the system allows so few descriptors', {
        connectionsMax: this.connectionsMax,
      });
  }

  /** Guards the connections that a server takes from now on. */
  watch(server: Http2Server): void {
    // A session does not hand its socket out. It is made as soon as there is one.
    let latest: Socket | null = null;
    const remember = (socket: Socket): void => void (latest = socket);
    admitConnections(server, (socket) => this.admits(socket));
    server.prependListener('connection', remember);
    server.prependListener('secureConnection', remember);
    server.on('session', (session) => this.open(session, latest));
    this.timer ??= setInterval(() => void this.sweep(performance.now()), this.sweepIntervalMs()).unref();
  }

  /** Ends what has taken too long, and closes connections that do not read. */
  async sweep(now: number): Promise<void> {
    if (this.sweeping) return;
    this.sweeping = true;
    this.endHandshakes(now);
    this.addresses.sweep(now);
    let unreadBytes = 0;
    let fattest: GuardedConnection | null = null;
    let looked = 0;
    this.shareCalls();
    for (const connection of this.connections) {
      looked += connection.sweep(now);
      unreadBytes += connection.unreadBytes;
      if (connection.unreadBytes > (fattest?.unreadBytes ?? 0)) fattest = connection;
      if (looked < STREAMS_PER_TURN) continue;
      looked = 0;
      await nextTurn();
    }
    this.sweeping = false;
    const { connectionUnreadMaxBytes, unreadMaxBytes } = this.parts.limits;
    if (fattest === null) return;
    if (fattest.unreadBytes <= connectionUnreadMaxBytes && unreadBytes <= unreadMaxBytes) return;
    const fields = { peer: fattest.peer, unreadBytes: fattest.unreadBytes, allUnreadBytes: unreadBytes };
    this.parts.tell('a connection was closed: it does not read its answers', fields);
    fattest.destroy();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  /** Whether a connection is taken. It costs nothing more when it is not. */
  private admits(socket: Socket): boolean {
    const now = performance.now();
    const address = this.addresses.of(socket.remoteAddress, now);
    if (address.isSpent(now)) {
      this.parts.tell('a connection was refused: its address cancels too many calls', {
        peer: peerOf(socket),
      });
    } else if (this.sockets >= this.connectionsMax) {
      const fields = { peer: peerOf(socket), connections: this.connectionsMax };
      this.parts.tell('a connection was refused: there are too many', fields);
    } else {
      this.sockets += 1;
      address.connections += 1;
      socket.once('close', () => {
        this.sockets -= 1;
        address.connections -= 1;
      });
      return true;
    }
    socket.destroy();
    return false;
  }

  private open(session: ServerHttp2Session, socket: Socket | null): void {
    replaceStreams(session);
    const { limits, trace } = this.parts;
    const connection = new GuardedConnection(
      session,
      socket,
      peerOf(session.socket),
      performance.now(),
      limits,
      this.events,
      this.addresses.of(session.socket.remoteAddress, performance.now()),
    );
    this.connections.add(connection);
    this.halfOpen.add(connection);
    trace?.('connection opened', { peer: connection.peer, connections: this.sockets });
    // The first frame of every connection.
    session.once('remoteSettings', () => {
      connection.isOpen = true;
      this.halfOpen.delete(connection);
    });
    session.once('close', () => {
      this.connections.delete(connection);
      this.halfOpen.delete(connection);
      trace?.('connection closed', connection.describe());
    });
    if (this.halfOpen.size > limits.halfOpenMax) this.endHandshake();
  }

  /**
   * Divides the calls that the server takes at the same time among the connections that send any: what is beyond that
   * waits in the clients, where it costs the server nothing. In powers of two, so that it is seldom told anew. Those that
   * send nothing may have a few, so that many that begin at the same time do not bury it.
   */
  private shareCalls(): void {
    const { callsIdle } = this.parts.limits;
    this.active = new Set([...this.connections].filter((connection) => connection.isActive()));
    const share = this.share();
    for (const connection of this.connections) {
      connection.allow(this.active.has(connection) ? share : Math.min(share, callsIdle));
    }
  }

  /** One that has begun to send much need not wait for the next sweep; those that begin with it are counted. */
  private allowMore(connection: GuardedConnection): void {
    this.active.add(connection);
    connection.allowMore(this.share());
  }

  private share(): number {
    const { callsMax, concurrentStreamsMax } = this.parts.limits;
    const share = 2 ** Math.floor(Math.log2(callsMax / Math.max(1, this.active.size)));
    return Math.min(concurrentStreamsMax, Math.max(CALLS_MIN, share));
  }

  private endHandshakes(now: number): void {
    for (const connection of this.halfOpen) {
      if (now - connection.openedAt < this.parts.limits.handshakeTimeoutMs) return;
      this.endHandshake();
    }
  }

  private endHandshake(): void {
    const [oldest] = this.halfOpen;
    if (oldest === undefined) return;
    this.halfOpen.delete(oldest);
    this.parts.tell('a connection was closed: it did not begin to speak HTTP/2', { peer: oldest.peer });
    oldest.destroy();
  }

  private sweepIntervalMs(): number {
    const { handshakeTimeoutMs, requestTimeMaxMs, connectionIdleMs, connectionAgeMs } = this.parts.limits;
    const shortest = Math.min(handshakeTimeoutMs, requestTimeMaxMs, connectionIdleMs, connectionAgeMs);
    return Math.max(10, Math.min(SWEEP_INTERVAL_MS, shortest / 4));
  }
}

function peerOf({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return remoteAddress === undefined ? 'unknown' : `${remoteAddress}:${remotePort ?? ''}`;
}

/** How many descriptors the system allows this process; Infinity where it does not say. */
function descriptorsMax(): number {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return limit === undefined ? Infinity : Number(limit);
  } catch {
    return Infinity;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
