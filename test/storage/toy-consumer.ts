/** A consumer that counts events, in a file of its own. */
import type { StoredBatch } from '../../engine/ports.ts';
import type { BatchConsumer } from '../../storage/batch-consumer.ts';
import { openDatabase } from '../../storage/database.ts';

const migrations = [
  `CREATE TABLE counts (id INTEGER PRIMARY KEY, through INTEGER NOT NULL, events INTEGER NOT NULL) STRICT;
   INSERT INTO counts VALUES (1, 0, 0);`,
];

export interface Counts {
  readonly through: number;
  readonly events: number;
}

export function readCounts(file: string): Counts {
  const db = openDatabase(file, { migrations, readonly: true });
  try {
    return db.prepare<[], Counts>('SELECT through, events FROM counts').get() ?? { through: 0, events: 0 };
  } finally {
    db.close();
  }
}

export function openConsumer(file: string): BatchConsumer {
  const db = openDatabase(file, { migrations });
  const read = db.prepare<[], Counts>('SELECT through, events FROM counts');
  const write = db.prepare<[number, number]>('UPDATE counts SET through = ?, events = ?');
  let { through, events } = read.get() ?? { through: 0, events: 0 };
  return {
    get through() {
      return through;
    },
    begin: () => {
      db.exec('BEGIN IMMEDIATE');
    },
    apply: (batch: StoredBatch) => {
      if (batch.number !== through + 1) throw new Error(`given batch ${batch.number} after ${through}`);
      through = batch.number;
      for (const turn of batch.turns) events += turn.events.length;
    },
    commit: () => {
      write.run(through, events);
      db.exec('COMMIT');
    },
    close: () => {
      db.close();
    },
  };
}
