// The entry for `import`: it exports the one CommonJS build, so that both module systems share it.
export * from './json.js';
