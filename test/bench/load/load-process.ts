import { handleMessages } from '../load-generator-messages';
import { prepareLoad } from './load-run';
import type { LoadSpec } from './load-spec';
import { prepareWatchedLoad } from './watched-load';

/** The load generator for servers: a process of its own. */
process.on(
  'message',
  handleMessages((spec: LoadSpec) => (spec.watched === true ? prepareWatchedLoad(spec) : prepareLoad(spec))),
);
