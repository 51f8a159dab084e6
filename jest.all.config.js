/**
 * Every test: `npm run test:all`. jest.config.js leaves the slow files out.
 *
 * @type {import('jest').Config}
 */
module.exports = {
  rootDir: __dirname,
  testMatch: [
    '<rootDir>/services/*/src/**/*.test.ts',
    '<rootDir>/clients/*/src/**/*.test.ts',
    '<rootDir>/test/**/*.test.ts',
  ],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        // The embedded Postgres comes as ES modules only: its import() must stay one.
        module: { type: 'commonjs', ignoreDynamic: true },
      },
    ],
  },
  // Packages as others see them, from their sources.
  moduleNameMapper: {
    '^@ledger/proto/(.*)$': '<rootDir>/proto/gen/$1.ts',
    '^@ledger/embedded-postgres/(.*)$': '<rootDir>/services/embedded-postgres/src/$1.ts',
    '^@ledger/client$': '<rootDir>/clients/ledger/src/index.ts',
    '^@ledger/client/json$': '<rootDir>/clients/ledger/src/json.ts',
    '^@ledger/client/testing$': '<rootDir>/clients/ledger/src/testing.ts',
    '^@ledger/kit/(.*)$': '<rootDir>/services/kit/src/$1.ts',
  },
  testSequencer: '<rootDir>/test/harness/longest-first.js',
  globalSetup: '<rootDir>/test/harness/global-setup.ts',
  globalTeardown: '<rootDir>/test/harness/global-teardown.ts',
  maxWorkers: 2,
  // A test fails because of what it finds, not because the machine is busy: this ends those that hang.
  testTimeout: 120_000,
};
