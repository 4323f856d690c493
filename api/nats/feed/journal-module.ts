/**
 * The journal comes by the URL of its module, which the composition root names, so that nothing here imports a value of
 * storage: a thread and a program of its own load it themselves.
 */
import type { FeedJournal, JournalTail } from '../../../storage/feed-journal.ts';

interface JournalModule {
  openFeedJournal(dataDir: string): FeedJournal;
  openJournalTail(dataDir: string): JournalTail;
}

/** @throws StorageDamaged, StorageUnavailable */
export async function loadFeedJournal(module: string, dataDir: string): Promise<FeedJournal> {
  return (await load(module)).openFeedJournal(dataDir);
}

/** @throws StorageDamaged, StorageUnavailable */
export async function loadJournalTail(module: string, dataDir: string): Promise<JournalTail> {
  return (await load(module)).openJournalTail(dataDir);
}

async function load(module: string): Promise<JournalModule> {
  // The composition root names storage/feed-journal.ts, whose types these are.
  return (await import(module)) as JournalModule;
}
