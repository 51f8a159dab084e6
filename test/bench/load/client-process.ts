import { handleMessages } from '../load-generator-messages';
import { prepareClientLoad } from './client-load';

/** Entry point of the process in which clients of the ledger send purchases. */
process.on('message', handleMessages(prepareClientLoad));
