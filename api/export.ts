/**
 * `npm run export -- --from CE_ID`: prints the public events of a journal as JSON lines, from an engine that runs or
 * not. The same events as on the feed, made by the same functions, so what the stream has forgotten is read here.
 *
 * Exits 0 when all is printed or the reader has gone, 1 when the journal cannot be read, 2 on a wrong command line.
 */
import { once } from 'node:events';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseConfig } from './config.ts';
import { structuredJson } from './nats/feed/cloud-event.ts';
import { formatEventId, isBefore, parseEventId, type EventId } from './nats/feed/event-id.ts';
import { loadJournalTail } from './nats/feed/journal-module.ts';
import { publicEvents } from './nats/feed/public-events.ts';

const usage = `Usage: npm run --silent export -- --from CE_ID [--to CE_ID] [--data DIR]

Prints the public events of the journal under DIR (else DATA_DIR) as JSON lines: CloudEvents 1.0, both ends included.
The ids are those of the feed, <journalId>-<batch>-<index>; a journal's events begin at <journalId>-1-0.
`;

/** A program of its own, so it names the module of storage that it reads with, as api/main.ts does. */
const journalModule = new URL('../storage/feed-journal.ts', import.meta.url).href;

/** What is wrong with the command line. */
class WrongUsage extends Error {}

interface Wanted {
  readonly from: string;
  readonly to: string | undefined;
  readonly dataDir: string;
}

function wanted(args: readonly string[]): Wanted | 'help' {
  const { from, to, data, help } = parsed(args);
  if (help === true) return 'help';
  if (from === undefined) throw new WrongUsage(`--from is missing.\n\n${usage}`);
  if (data !== undefined) return { from, to, dataDir: resolve(data) };
  const config = parseConfig(process.env);
  if (!config.ok) throw new WrongUsage(config.errors.join('\n'));
  return { from, to, dataDir: config.config.dataDir };
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({ args: [...args], options: { from: text, to: text, data: text, help: flag } }).values;
  } catch (error) {
    throw new WrongUsage(`${messageOf(error)}\n\n${usage}`);
  }
}

/** The id, if it is one of this journal and its batch is durable. */
function idIn(text: string, option: string, journalId: string, end: number): EventId {
  const id = parseEventId(text);
  if (id === null) {
    throw new WrongUsage(`${option} ${text} is no id of an event: those are <journalId>-<batch>-<index>.`);
  }
  if (id.journalId !== journalId) {
    throw new WrongUsage(`${option} ${text} is of journal ${id.journalId}, but the journal here is ${journalId}.`);
  }
  if (id.batch > end) throw new WrongUsage(`${option} ${text} is of batch ${id.batch}; the journal ends at ${end}.`);
  return id;
}

async function print({ from, to, dataDir }: Wanted): Promise<void> {
  const journal = await loadJournalTail(journalModule, dataDir);
  try {
    const end = journal.end();
    const first = idIn(from, '--from', journal.id, end);
    const last = to === undefined ? null : idIn(to, '--to', journal.id, end);
    if (last !== null && isBefore(last, first)) throw new WrongUsage(`--to ${formatEventId(last)} is before --from.`);
    for (const batch of journal.batches(first.batch, last?.batch ?? end)) {
      let lines = '';
      for (const event of publicEvents(batch)) {
        if (isBefore(event, first) || (last !== null && isBefore(last, event))) continue;
        lines += `${structuredJson(journal.id, event)}\n`;
      }
      if (lines !== '' && !process.stdout.write(lines)) await once(process.stdout, 'drain');
    }
  } finally {
    journal.close();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// Whoever reads has had enough (`| head`): that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') process.stderr.write(`${error.message}\n`);
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

try {
  const asked = wanted(process.argv.slice(2));
  if (asked === 'help') process.stdout.write(usage);
  else await print(asked);
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = error instanceof WrongUsage ? 2 : 1;
}
