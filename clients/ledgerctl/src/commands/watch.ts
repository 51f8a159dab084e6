import type { CommandGroup } from '../command-group';
import { addExamples } from '../input/options';
import { LagNote } from '../output/lag-note';
import { isReaderGone } from '../stop';

/** The command that prints entries as they are booked. */
export function addWatchCommand({ parent, inSession }: CommandGroup): void {
  const command = parent
    .command('watch')
    .summary('Entries as they are booked, until Ctrl-C.')
    .description(
      'Entries as they are booked, a line each, until Ctrl-C: every one exactly once, in the order of each account. ' +
        'A lost connection leaves no gap. When entries cannot be shown yet, stderr says since when. The token to continue after the last line is printed on stderr at the end; ' +
        'in JSON every line has one.',
    )
    .option('--user <user>', 'only of this user')
    .option('--asset <asset>', 'only of this asset')
    .option('--token <token>', 'continues where an earlier watch with the same filter ended')
    .option('--from-start', 'from the first entry ever')
    .action(({ user: userId, asset, token: resumeToken, fromStart }) =>
      inSession(async (session) => {
        const print = session.linePrinter('WatchEntriesResponse', 'entry');
        const filter = { userId, asset, resumeToken, fromStart };
        let token = resumeToken;
        const behind = new LagNote((text) => session.note(text));
        try {
          for await (const message of session.client.watchEntries(filter, session.call)) {
            if (token === undefined) session.note(`watching; resume token: ${message.resumeToken}`);
            if (message.entry !== undefined) print(message);
            else behind.tell(message.lag);
            token = message.resumeToken;
          }
        } finally {
          // A reader that has gone may have missed the last lines, so no token continues after what it has seen.
          if (token !== undefined && !isReaderGone(session.context.signal)) {
            session.note(`resume token: ${token}`);
          }
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
