import { obedient } from '../worker-orders';
import { prepareLoad } from './load-run';
import type { LoadSpec } from './load-spec';
import { prepareWatchedLoad } from './watched-load';

/** The load generator for servers: a process of its own. */
process.on(
  'message',
  obedient((spec: LoadSpec) => (spec.watched === true ? prepareWatchedLoad(spec) : prepareLoad(spec))),
);
