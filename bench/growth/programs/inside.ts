/** What the scripts of this folder share: the program composed by `api/main.ts`, and words with whoever started them. */
import { parseConfig } from '../../../api/config.ts';
import { createLog } from '../../../api/log.ts';
import { startOnsale, type Onsale } from '../../../api/main.ts';
import type { FromChild } from '../child.ts';

/** What the script was given; it knows the shape, because it and its measure are written together. */
export const given: unknown = JSON.parse(process.argv[2] ?? '{}');

/** The whole program in this process, on the data directory of the environment. */
export async function startInside(): Promise<Onsale> {
  const parsed = parseConfig(process.env);
  if (!parsed.ok) throw new Error(parsed.errors.join('\n'));
  return await startOnsale(parsed.config, createLog('warn'), (error) => {
    throw error;
  });
}

export function tellProgress(done: number, of: number, what: string): void {
  send({ type: 'progress', done, of, what });
}

/** After this the process waits to be killed. */
export function tellFound(found: unknown): void {
  send({ type: 'found', found });
  setInterval(() => {}, 1_000);
}

function send(message: FromChild): void {
  if (process.send === undefined) process.stdout.write(`${JSON.stringify(message)}\n`);
  else process.send(message);
}

/** Runs `work` for every index, so many under way at once. */
export async function forEachIndex(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
}
