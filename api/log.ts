/** The log: one JSON object a line, with times and levels that a person can read. It never carries a credential. */
import pino, { type DestinationStream, type Logger } from 'pino';
import type { LogLevel } from './config.ts';

export type Log = Logger;

/** Fields that hold a credential wherever they stand, in the spellings of headers, bodies and configuration. */
const credentials = [
  'authorization',
  'Authorization',
  'cookie',
  'Cookie',
  'set-cookie',
  'Set-Cookie',
  'queue-token',
  'Queue-Token',
  'token',
  'queueToken',
  'queueTokenSecret',
  'adminKey',
  'authJwtSecret',
  'secret',
  'password',
  'idempotency-key',
  'Idempotency-Key',
  'idempotencyKey',
  // An error of the URL parser carries all that it was given.
  'input',
];

/** The redactor names every depth; nothing that is logged here nests deeper. */
const redactedPaths = credentials.flatMap((name) => {
  const field = `["${name}"]`;
  return [field, `*${field}`, `*.*${field}`, `*.*.*${field}`];
});

/** A log that writes to standard output, or to `destination`. */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redactedPaths, censor: '[redacted]' },
      serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err },
    },
    destination ?? pino.destination({ fd: 1, sync: true }),
  );
}
