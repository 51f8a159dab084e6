import { Client, credentials } from '@grpc/grpc-js';
import { ManualClock } from '../test/manual-clock';
import { Connections } from './connection';

let clock: ManualClock;
let connections: Connections;
let opened: Client[];

beforeEach(() => {
  clock = new ManualClock();
  opened = [];
  connections = new Connections(() => {
    const channel = new Client('127.0.0.1:1', credentials.createInsecure());
    opened.push(channel);
    return channel;
  }, clock);
});

afterEach(() => {
  for (const channel of opened) channel.close();
});

function unansweredAttempt(ms: number): void {
  const { current } = connections;
  const sentAtMs = current.sends();
  clock.advance(ms);
  connections.reportUnanswered(current, sentAtMs);
}

it('replaces a connection on which an attempt waited a second for nothing', () => {
  unansweredAttempt(999);
  expect(opened).toHaveLength(1);
  const dead = connections.current;
  clock.advance(1);
  connections.reportUnanswered(dead, 0);
  expect(opened).toHaveLength(2);
  expect(connections.current.channel).toBe(opened[1]);
});

it('counts the silence over attempts that are shorter than that', () => {
  for (let n = 0; n < 3; n += 1) unansweredAttempt(300);
  expect(opened).toHaveLength(1);
  unansweredAttempt(300);
  expect(opened).toHaveLength(2);
});

it('keeps a connection on which other calls are answered', () => {
  const { current } = connections;
  const sentAtMs = current.sends();
  clock.advance(5_000);
  current.hears();
  clock.advance(500);
  connections.reportUnanswered(current, sentAtMs);
  expect(opened).toHaveLength(1);
  clock.advance(500);
  connections.reportUnanswered(current, sentAtMs);
  expect(opened).toHaveLength(2);
});

it('replaces it once for all attempts that waited on it', () => {
  const dead = connections.current;
  const sentAtMs = dead.sends();
  clock.advance(5_000);
  connections.reportUnanswered(dead, sentAtMs);
  connections.reportUnanswered(dead, sentAtMs);
  expect(opened).toHaveLength(2);
});
