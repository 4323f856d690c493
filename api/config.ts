/**
 * The environment, read once at start. Every mistake is named at once, so that an operator mends them in one go.
 * Values of secrets never appear in an error.
 */
import { resolve } from 'node:path';
import { z } from 'zod';
import type { Rules } from '../actors/rules.ts';
import { limits } from './limits.ts';

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export type LogLevel = (typeof logLevels)[number];

/** How this process comes to its NATS server. */
export type NatsChoice =
  | { readonly type: 'private' }
  | { readonly type: 'off' }
  | { readonly type: 'url'; readonly url: string };

export interface Config {
  /** 0 lets the system choose; the log line `listening` names the one it chose. */
  readonly port: number;
  readonly host: string;
  /** Absolute. */
  readonly dataDir: string;
  /** Load demo data into an empty data directory. */
  readonly demo: boolean;
  readonly nats: NatsChoice;
  /** Null: one is made and kept under the data directory. */
  readonly adminKey: string | null;
  /** Null: the caller names its user, for development only. */
  readonly authJwtSecret: string | null;
  /** Null: one is made and kept under the data directory. */
  readonly queueTokenSecret: string | null;
  readonly logLevel: LogLevel;
  readonly holdTtlMs: number;
  readonly seatsPerReservationMax: number;
  /** Seats of one schedule that one user may have: live holds plus paid. */
  readonly seatsPerUserMax: number;
  /** Null: no limit. */
  readonly requestsPerUserPerSecondMax: number | null;
  /** Null: no limit. */
  readonly requestsPerAddressPerSecondMax: number | null;
  /** How many proxies in front of this process are trusted to name the caller's address. */
  readonly trustProxyHops: number;
}

export type ParsedConfig =
  /** `warnings`: what works and should not be left so. */
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly string[] }
  /** One sentence for each variable that is wrong. */
  | { readonly ok: false; readonly errors: readonly string[] };

function whole(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message);
}

function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, `must be one of ${values.join(', ')}`);
}

/** RFC 7518, section 3.2: the key of HS256 is at least as long as its hash. */
const jwtSecretBytesMin = 32;
const otherSecretBytesMin = 16;

/** Secrets that are taken and warned of: whoever has one signed text can try short ones at home. */
function shortSecrets(env: Readonly<Record<string, string | undefined>>): string[] {
  const bytesMin = {
    ADMIN_KEY: otherSecretBytesMin,
    AUTH_JWT_SECRET: jwtSecretBytesMin,
    QUEUE_TOKEN_SECRET: otherSecretBytesMin,
  } as const satisfies Partial<Record<Variable, number>>;
  return Object.entries(bytesMin).flatMap(([name, min]) => {
    const value = env[name];
    return value === undefined || Buffer.byteLength(value) >= min
      ? []
      : [`${name} is shorter than ${min} bytes and can be guessed: give a longer one in production`];
  });
}

/** A server, or several with commas between, as NATS clients take them. */
const natsServers = z
  .string()
  .regex(/^(?:(?:nats|tls):\/\/)?[^\s,/]+(?:,(?:(?:nats|tls):\/\/)?[^\s,/]+)*$/, {
    message: 'must be off, or the URL of a NATS server (nats://host:4222)',
  })
  .refine(isReadable, 'must be a URL: special characters in its user and password are percent-encoded');

/** Found here, because an error of the URL parser carries the whole text, password and all. */
function isReadable(servers: string): boolean {
  return servers.split(',').every((server) => {
    const url = URL.parse(server.includes('://') ? server : `nats://${server}`);
    return url !== null && isDecodable(url.username) && isDecodable(url.password);
  });
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

const environment = z.object({
  PORT: whole(0, 65_535).default(3000),
  HOST: z
    .string()
    .regex(/^[^\s/]+$/, 'must be the name or the address of a network interface')
    .default('127.0.0.1'),
  DATA_DIR: z.string().default('./data'),
  DEMO: oneOf(['on', 'off']).default('on'),
  NATS_URL: natsServers.optional(),
  // It travels in an Authorization header, which cannot carry anything else.
  ADMIN_KEY: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII without spaces')
    .optional(),
  AUTH_JWT_SECRET: z.string().optional(),
  QUEUE_TOKEN_SECRET: z.string().optional(),
  LOG_LEVEL: oneOf(logLevels).default('info'),
  HOLD_TTL_SECONDS: whole(1, 86_400).default(300),
  MAX_SEATS_PER_RESERVATION: whole(1, 1_000).default(8),
  MAX_SEATS_PER_USER: whole(1, 1_000_000).default(8),
  LIMIT_PER_USER_PER_SECOND: whole(1, 1_000_000).optional(),
  LIMIT_PER_ADDRESS_PER_SECOND: whole(1, 1_000_000).optional(),
  TRUST_PROXY_HOPS: whole(0, 100).default(0),
});

type Variable = keyof typeof environment.shape;

/** A URL of NATS may hold a password. */
const hidden: ReadonlySet<string> = new Set<Variable>([
  'NATS_URL',
  'ADMIN_KEY',
  'AUTH_JWT_SECRET',
  'QUEUE_TOKEN_SECRET',
]);

function natsChoice(url: string | undefined): NatsChoice {
  if (url === undefined) return { type: 'private' };
  return url === 'off' ? { type: 'off' } : { type: 'url', url };
}

/** Reads the configuration out of an environment. An empty variable counts as unset; unknown ones are ignored. */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): ParsedConfig {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = environment.safeParse(set);
  if (!parsed.success) return { ok: false, errors: sentences(parsed.error, set) };
  const read = parsed.data;
  return {
    ok: true,
    warnings: shortSecrets(set),
    config: {
      port: read.PORT,
      host: read.HOST,
      dataDir: resolve(read.DATA_DIR),
      demo: read.DEMO === 'on',
      nats: natsChoice(read.NATS_URL),
      adminKey: read.ADMIN_KEY ?? null,
      authJwtSecret: read.AUTH_JWT_SECRET ?? null,
      queueTokenSecret: read.QUEUE_TOKEN_SECRET ?? null,
      logLevel: read.LOG_LEVEL,
      holdTtlMs: read.HOLD_TTL_SECONDS * 1000,
      seatsPerReservationMax: read.MAX_SEATS_PER_RESERVATION,
      seatsPerUserMax: read.MAX_SEATS_PER_USER,
      requestsPerUserPerSecondMax: read.LIMIT_PER_USER_PER_SECOND ?? null,
      requestsPerAddressPerSecondMax: read.LIMIT_PER_ADDRESS_PER_SECOND ?? null,
      trustProxyHops: read.TRUST_PROXY_HOPS,
    },
  };
}

/** One sentence a variable, in the order of the table above: `PORT must be …, not "abc"`. */
function sentences(error: z.ZodError, env: Readonly<Record<string, string | undefined>>): string[] {
  const byVariable = new Map<string, string>();
  for (const issue of error.issues) {
    const name = String(issue.path[0]);
    const value = hidden.has(name) ? '' : `, not ${JSON.stringify(env[name])}`;
    if (!byVariable.has(name)) byVariable.set(name, `${name} ${issue.message}${value}`);
  }
  return [...byVariable.values()];
}

/** What the actors' rules are under this configuration. */
export function rulesOf(config: Config): Rules {
  const { holdTtlMs, seatsPerReservationMax, seatsPerUserMax } = config;
  const { expiriesPerTurnMax, endedReservationsMax, balanceMax, engineLineMax, sessionsMax, leaverRangesMax } = limits;
  return {
    holdTtlMs,
    seatsPerReservationMax,
    seatsPerUserMax,
    expiriesPerTurnMax,
    endedReservationsMax,
    balanceMax,
    engineLineMax,
    sessionsMax,
    leaverRangesMax,
  };
}
