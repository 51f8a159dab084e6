import { defineConfig, globalIgnores } from 'eslint/config';
import checkFile from 'eslint-plugin-check-file';
import tseslint from 'typescript-eslint';

const noDefaultExport = {
  selector: 'ExportDefaultDeclaration, ExportSpecifier[exported.name="default"]',
  message: 'Export it by its name.',
};
const noBarrel = {
  // Hands on everything of another file, or has nothing of its own.
  selector:
    'ExportAllDeclaration, Program:has(> ExportNamedDeclaration[source]):not(:has(> :not(ExportNamedDeclaration[source])))',
  message: 'Import from the file that declares it.',
};

/** What would make a decision of the ledger depend on more than the state and the command. */
const impureGlobals = [
  'Date',
  'performance',
  'process',
  'globalThis',
  'global',
  'crypto',
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
];
const vagueWords = ['util', 'utils', 'helper', 'helpers', 'manager', 'managers', 'common', 'misc'];

// What may import what is held by .dependency-cruiser.cjs, form by Prettier.
export default defineConfig(
  globalIgnores(['**/gen/', '**/dist/', '**/coverage/', '.data/', '**/third_party/']),
  {
    linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-constant-condition': ['error', { checkLoops: 'allExceptWhileTrue' }],
      'no-fallthrough': 'error',
      'no-self-compare': 'error',
      'no-unsafe-finally': 'error',
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    extends: [tseslint.configs.strict],
  },
  {
    // CommonJS.
    files: ['**/*.js'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    files: ['**/*.{ts,mts}'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: [
          'proto/tsconfig.json',
          'services/*/tsconfig.json',
          'clients/*/tsconfig.json',
          'test/tsconfig.json',
        ],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      // A mapped type says more than a Record where its keys have a name.
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-extraneous-class': ['error', { allowConstructorOnly: true }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      // `void value` says that a value is not needed.
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      // Text is counted in code points.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // Numbers from a database or another server are numbers, whatever the enum says.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      'max-lines-per-function': ['error', { max: 70 }],
      'no-console': 'error',
      'no-restricted-syntax': ['error', noDefaultExport, noBarrel],
    },
  },
  {
    files: ['{proto,services,clients,test}/**/*.{ts,mts,mjs}'],
    plugins: { 'check-file': checkFile },
    rules: {
      'check-file/filename-naming-convention': [
        'error',
        { '**/*': '+([a-z0-9])*(-+([a-z0-9]))' },
        { ignoreMiddleExtensions: true },
      ],
      'check-file/filename-blocklist': [
        'error',
        Object.fromEntries(
          vagueWords.map((word) => [
            `**/?(*[-.])${word}?([-.]*).{ts,mts,mjs}`,
            '*-that-says-what-is-in-it.*',
          ]),
        ),
        { errorMessage: 'Name "{{ target }}" for what is in it.' },
      ],
    },
  },
  {
    // The core of the ledger is pure. What it imports is held by .dependency-cruiser.cjs.
    files: ['services/ledger/src/ledger/**'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...impureGlobals.map((name) => ({
          name,
          message: 'A decision depends on the state and the command.',
        })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'A decision depends on the state and the command.' },
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'node:crypto', allowImportNames: ['createHash', 'hash'] },
            { name: 'crypto', message: 'Write node:crypto.' },
          ],
        },
      ],
    },
  },
  {
    // The entries of the client, which list what it exports.
    files: ['clients/ledger/src/{index,json,testing}.{ts,mts}'],
    rules: { 'no-restricted-syntax': ['error', noDefaultExport] },
  },
  {
    // Jest takes what these two export by default.
    files: ['test/harness/global-{setup,teardown}.ts'],
    rules: { 'no-restricted-syntax': ['error', noBarrel] },
  },
  {
    files: ['**/*.test.ts'],
    rules: {
      // A group of tests is as long as it is; matchers such as expect.any() are of type any.
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  {
    // Programs for a person in front of a terminal.
    files: ['test/bench/**', '**/scripts/**'],
    rules: { 'no-console': 'off' },
  },
);
