const all = require('./jest.all.config.js');

/**
 * Files that take long, or that try more of what a file beside them tries already. `npm test` leaves them out and still
 * has a file of each subject; `npm run test:all` runs them. Seconds on two idle cores.
 */
const slow = [
  'clients/ledger/src/package', //               12: builds the client as others install it
  'test/cli/ledgerctl-import', //                 6: ledgerctl-outcomes tries the program too
  'test/cli/ledgerctl-sessions', //               8: the sessions of the README, typed again
  'test/concurrency/commands-the-database-refuses', // 6
  'test/concurrency/connections-that-end-at-once', // 7
  'test/concurrency/crossing-transfers', //      10
  'test/concurrency/held-accounts', //           20: a held account by every way, with one server and with two
  'test/concurrency/hold-races', //               6
  'test/concurrency/item-editors', //             7
  'test/concurrency/large-batches', //           18
  'test/concurrency/lost-connections', //         9
  'test/concurrency/new-accounts', //            14
  'test/concurrency/no-lost-update', //           8: no-double-spend counts the same
  'test/concurrency/poolers', //                  7
  'test/concurrency/random-writes-at-once', //   21: the kill test judges the same, with faults beside it
  'test/concurrency/random-writes-in-order', //  46
  'test/concurrency/server-processes', //        13
  'test/concurrency/silent-connections', //      15: waits for connections that never answer
  'test/concurrency/start-together', //           6
  'test/concurrency/waiting-writes', //           9
  'test/faults/frozen-postgres', //              10: starts a Postgres of its own
  'test/faults/frozen-server', //                 9
  'test/faults/operating', //                    27: the fault run by its command line
  'test/rpc/hostile-connections', //            20: floods of a server
  'test/rpc/log-outputs', //                    25: thousands of calls of servers whose log nobody takes
  'test/rpc/random-bytes', //                    10
  'test/rpc/read-deadlines', //                   7
  'test/rpc/replay-every-write', //               9: replay tries what is common to all
  'test/rpc/request-id-reuse', //                 8
  'test/rpc/silent-network', //                   6
  'test/rpc/vanished-clients', //                10: 300 connections
  'test/rpc/write-stream', //                    35: every write by streams; coalesced-calls has a stream too
  'test/rpc/write-stream-flow', //               26: floods
  'test/services/start-all', //                  14
  'test/storage/binary-columns', //               9
  'test/storage/constant-cost', //               11
  'test/storage/embedded-postgres', //           92: starts and stops a Postgres some fifty times
  'test/storage/no-table-scans', //               8
  'test/storage/pipelined-transaction', //        7
  'test/storage/rights', //                      15: servers of several logins
  'test/verify/verify-commands', //              13
  'test/verify/verify-without-statistics', //     8: verifies a ledger twice, and counts
  'test/watch/watch-delivery', //                12
  'test/watch/watch-flow', //                     8
  'test/watch/watch-history', //                 25: starts a Postgres of its own six times
  'test/watch/watch-pages', //                   13
];

/**
 * The tests of `npm test`.
 *
 * @type {import('jest').Config}
 */
module.exports = {
  ...all,
  testPathIgnorePatterns: [...all.testPathIgnorePatterns, ...slow.map((path) => `/${path}\\.test\\.ts$`)],
};
