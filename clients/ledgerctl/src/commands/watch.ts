import { ENTRY } from '../columns';
import { addExamples } from '../options';
import type { Setting } from '../setting';
import { isReaderGone } from '../stop';

/** Entries as they are booked. */
export function addWatchCommand({ root, inSession }: Setting): void {
  const command = root
    .command('watch')
    .summary('Entries as they are booked, until Ctrl-C.')
    .description(
      'Entries as they are booked, a line each, until Ctrl-C: every one exactly once, in the order of each account. ' +
        'A break is bridged. The token that goes on after the last line is told on stderr at the end; JSON has one ' +
        'in every line.',
    )
    .option('--user <user>', 'only of this user')
    .option('--asset <asset>', 'only of this asset')
    .option('--token <token>', 'goes on where an earlier watch with the same filter ended')
    .option('--from-start', 'from the first entry ever')
    .action(({ user: userId, asset, token: resumeToken, fromStart }) =>
      inSession(async (session) => {
        const print = session.lines([...ENTRY]);
        const filter = { userId, asset, resumeToken, fromStart };
        let token = resumeToken;
        try {
          for await (const message of session.client.watchEntries(filter, session.call)) {
            if (token === undefined) session.note(`watching; resume token: ${message.resumeToken}`);
            if (message.entry !== undefined) print(message, message.entry);
            token = message.resumeToken;
          }
        } finally {
          // A reader that went away may have missed the last lines: no token goes on after what it has seen.
          if (token !== undefined && !isReaderGone(session.io.signal)) session.note(`resume token: ${token}`);
        }
      }),
    );
  addExamples(
    command,
    'ledgerctl watch --user lucas',
    'ledgerctl watch --asset PEEP --from-start -o csv > peep.csv',
    "ledgerctl watch -o json | jq -r '.entry.change'",
  );
}
