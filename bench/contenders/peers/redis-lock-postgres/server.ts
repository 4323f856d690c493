/** Holds under a lock in Redis for each seat, written to Postgres: what many shops do that distrust row locks. */
import { randomUUID } from 'node:crypto';
import { createClient } from '@redis/client';
import { serveHolds } from '../door.ts';
import { pipelined } from '../postgres-connections.ts';
import { earlierHold, holdInOneStatement } from '../postgres-statements.ts';

/** A lock outlives a holder that died by so much. */
const lockTtlMs = 10_000;

/** KEYS: locks. ARGV: the token of who may release them. */
const releaseScript = `
for lock = 1, #KEYS do
  if redis.call('GET', KEYS[lock]) == ARGV[1] then redis.call('DEL', KEYS[lock]) end
end`;

const path = process.env['REDIS_SOCKET'] ?? '';
const redis = createClient({ socket: { path, tls: false } });
redis.on('error', (error: unknown) => process.stderr.write(`${String(error)}\n`));
await redis.connect();
const releaseSha = await redis.scriptLoad(releaseScript);
const query = await pipelined();

serveHolds(async (asked) => {
  const locks = asked.seatIds.map((seatId) => `lock:${asked.scheduleId}:${seatId}`);
  const token = randomUUID();
  // Sent together; whoever finds a lock taken is refused at once and does not wait.
  const taken = await Promise.all(
    locks.map((lock) => redis.set(lock, token, { condition: 'NX', expiration: { type: 'PX', value: lockTtlMs } })),
  );
  try {
    if (taken.includes(null)) return await earlierHold(query, asked.id);
    return await holdInOneStatement(query, asked);
  } finally {
    // The answer need not wait for it: the seats are marked in Postgres by now.
    redis.evalSha(releaseSha, { keys: locks, arguments: [token] }).catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
    });
  }
});
