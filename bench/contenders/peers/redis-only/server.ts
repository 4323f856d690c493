/** Holds in one script, which Redis runs without anything in between. */
import { createClient } from '@redis/client';
import { serveHolds } from '../door.ts';
import { holdTtlMs, type StoredHold } from '../reservation.ts';

const answerTtlMs = 24 * 60 * 60 * 1000;

/** KEYS: the reservation, the seats. ARGV: its id, its record. Gives an earlier record, 1 when held, nil when taken. */
const script = `
local earlier = redis.call('GET', KEYS[1])
if earlier then return earlier end
if redis.call('EXISTS', unpack(KEYS, 2)) > 0 then return nil end
for seat = 2, #KEYS do redis.call('SET', KEYS[seat], ARGV[1], 'PX', ${holdTtlMs}) end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ${answerTtlMs})
return 1`;

const path = process.env['REDIS_SOCKET'] ?? '';
const client = createClient({ socket: { path, tls: false } });
client.on('error', (error: unknown) => process.stderr.write(`${String(error)}\n`));
await client.connect();
const sha = await client.scriptLoad(script);

serveHolds(async (asked) => {
  const seats = asked.seatIds.map((seatId) => `seat:${asked.scheduleId}:${seatId}`);
  const reply = await client.evalSha(sha, {
    keys: [`reservation:${asked.id}`, ...seats],
    arguments: [asked.id, JSON.stringify(asked)],
  });
  if (reply === null) return null;
  // Only this script writes the record.
  return typeof reply === 'string' ? (JSON.parse(reply) as StoredHold) : asked;
});
