/**
 * What `nats micro ls`, `info` and `stats` ask: the service protocol of ADR-32 (nats-io/nats-architecture-and-design),
 * answered by hand. Every instance answers; requests themselves are shared out by the queue group.
 */
import type { Msg } from '@nats-io/transport-node';
import type { Wanted } from './kept-subscriptions.ts';
import { mayAnswerOn } from './reply.ts';

export const queueGroup = 'q';
const serviceName = 'onsale';
/** Of the contract, not of the program: semantic versioning, as the protocol demands. */
const serviceVersion = '1.0.0';
const description = 'Reservations for concert on-sales: commands and queries';
const nanosecondsPerMs = 1_000_000;

/** Counts of one endpoint since the start. */
export class EndpointStats {
  requests = 0;
  errors = 0;
  lastError = '';
  processingMs = 0;

  /** @param error `<status>:<code>` of a problem, null for a success */
  count(elapsedMs: number, error: string | null): void {
    this.requests++;
    this.processingMs += elapsedMs;
    if (error === null) return;
    this.errors++;
    this.lastError = error;
  }
}

export interface ListedEndpoint {
  readonly name: string;
  readonly subject: string;
  readonly stats: EndpointStats;
}

type Asked = 'PING' | 'INFO' | 'STATS';

/** The answers, as the protocol spells them. Durations are nanoseconds. */
export function microAnswers(id: string, startedAt: Date, endpoints: readonly ListedEndpoint[]) {
  const identity = { name: serviceName, id, version: serviceVersion, metadata: {} };
  const placed = ({ name, subject }: ListedEndpoint) => ({ name, subject, queue_group: queueGroup });
  return {
    PING: () => ({ type: 'io.nats.micro.v1.ping_response', ...identity }),
    INFO: () => ({
      type: 'io.nats.micro.v1.info_response',
      ...identity,
      description,
      endpoints: endpoints.map((endpoint) => ({ ...placed(endpoint), metadata: {} })),
    }),
    STATS: () => ({
      type: 'io.nats.micro.v1.stats_response',
      ...identity,
      started: startedAt.toISOString(),
      endpoints: endpoints.map((endpoint) => {
        const { requests, errors, lastError, processingMs } = endpoint.stats;
        return {
          ...placed(endpoint),
          num_requests: requests,
          num_errors: errors,
          last_error: lastError,
          processing_time: Math.round(processingMs * nanosecondsPerMs),
          average_processing_time: requests === 0 ? 0 : Math.round((processingMs * nanosecondsPerMs) / requests),
        };
      }),
    }),
  } satisfies Record<Asked, () => object>;
}

/** Answers on `$SRV.<verb>`, `$SRV.<verb>.onsale` and `$SRV.<verb>.onsale.<id>`. */
export function microEndpoints(id: string, answers: ReturnType<typeof microAnswers>): Wanted[] {
  return (['PING', 'INFO', 'STATS'] as const).flatMap((asked) => {
    const serve = (message: Msg): void => {
      if (mayAnswerOn(message.reply)) message.respond(JSON.stringify(answers[asked]()));
    };
    const subjects = [`$SRV.${asked}`, `$SRV.${asked}.${serviceName}`, `$SRV.${asked}.${serviceName}.${id}`];
    return subjects.map((subject) => ({ subject, serve }));
  });
}
