/** Appends batches to the directory named by its argument and says which are confirmed, until it is killed. */
import type { Address } from '../../engine/actor.ts';
import { openStorage } from '../../storage/open.ts';
import { counted, event, kindsModule, consumerModule, turn } from './data-directory.ts';

const storage = await openStorage({
  dataDir: process.argv[2] ?? '',
  kindsModule,
  rules: {},
  keyTtlMs: 86_400_000,
  consumerModule,
  onFatal: (error) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  },
});
for (let number = storage.journal.end.batch + 1; ; number += 1) {
  const turns = Array.from({ length: 100 }, (_, index) => {
    const actor: Address = `counter:${(number * 7 + index) % 500}`;
    return turn(number, actor, [counted(actor, 1), event('list:a', 'Named', { name: `${number % 10}` })], {
      binding: { scope: `${number}|${index}`, fingerprint: 'f', outcome: { type: 'made' } },
    });
  });
  await storage.journal.append({ number, atMs: number, turns: turns.map((turn) => JSON.stringify(turn)) });
  storage.follower.advance(number);
  process.stdout.write(`${number}\n`);
}
