const { default: Sequencer } = require('@jest/test-sequencer');

/** The files that take longest, which must not be the last ones to start. */
const LONGEST = ['embedded-postgres', 'kill', 'random-writes-in-order', 'operating', 'random-writes-at-once'];

/** Starts the longest files first, also where no earlier run tells how long each takes. */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    return [...super.sort(tests)].sort((a, b) => rankOf(a.path) - rankOf(b.path));
  }
};

function rankOf(path) {
  const rank = LONGEST.findIndex((name) => path.endsWith(`/${name}.test.ts`));
  return rank === -1 ? LONGEST.length : rank;
}
