import { handleMessages } from '../load-generator-messages';
import { prepareLoad } from './load-run';
import type { LoadSpec } from './load-spec';
import { prepareWatchedLoad } from './watched-load';

/** Entry point of the process that generates load for gRPC servers. */
process.on(
  'message',
  handleMessages((spec: LoadSpec) => (spec.watched === true ? prepareWatchedLoad(spec) : prepareLoad(spec))),
);
