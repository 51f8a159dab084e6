// The entry for `import`: it exports the one CommonJS build, so that both module systems share its classes.
export * from './index.js';
