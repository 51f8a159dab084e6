// A door for `import` into the one CommonJS build, so that both worlds share its classes.
export * from './index.js';
