import { connectionLimits } from './connection-limits';
import { Environment } from './environment';

const defaults = connectionLimits(new Environment({}, 'TEST'));

it.each<[name: string, otherwise: number]>(Object.entries(defaults))(
  'reads %s from a variable of its own',
  (name, otherwise) => {
    const variable = `TEST_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
    const limits = connectionLimits(new Environment({ [variable]: String(otherwise + 1) }, 'TEST'));
    expect(limits).toEqual({ ...defaults, [name]: otherwise + 1 });
  },
);
