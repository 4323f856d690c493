/** The HTTP door: every route behind one door, and what happens to requests that no route takes. */
import { OpenAPIHono } from '@hono/zod-openapi';
import { problem } from '../answers/problems.ts';
import { isInside } from './browse-gate.ts';
import type { HttpDependencies } from './dependencies.ts';
import { createDoor, type Unreadable } from './door.ts';
import { documentOf } from './openapi.ts';
import type { Operation } from './operation.ts';
import { QueueStreams } from './queue-streams.ts';
import { adminRoutes } from './routes/admin.ts';
import { browseRoutes } from './routes/browse.ts';
import { addDocs, docsPaths } from './routes/docs.ts';
import { operationsRoutes } from './routes/operations.ts';
import { paymentRoutes } from './routes/payments.ts';
import { queueRoutes } from './routes/queue.ts';
import { reservationRoutes } from './routes/reservations.ts';
import { userRoutes } from './routes/users.ts';
import { SeatStreams } from './seat-streams.ts';

export interface HttpApp {
  /** Answers a request; over `startHttpServer`, or without a socket in a simulation. */
  readonly fetch: OpenAPIHono['fetch'];
  /** Answers what is no request, or not a whole one. */
  readonly unreadable: (why: Unreadable) => Response;
  readonly operations: readonly Operation[];
  /** Ends the open streams. */
  close(): void;
}

export function createHttpApp(deps: HttpDependencies): HttpApp {
  const app = new OpenAPIHono();
  const door = createDoor(deps);
  const streams = new QueueStreams(deps.desk, { onCount: (open) => deps.metrics.streams(open) });
  const seatStreams = new SeatStreams({
    changes: deps.seatChanges,
    inside: (place) => isInside(deps.engine, place),
  });
  deps.metrics.gauge('onsale_seat_streams', 'Open streams of seat changes', () => seatStreams.size);
  const operations = [
    ...queueRoutes(deps, streams),
    ...browseRoutes(deps, seatStreams),
    ...reservationRoutes(deps),
    ...paymentRoutes(deps),
    ...userRoutes(deps),
    ...adminRoutes(deps),
    ...operationsRoutes(deps),
  ];
  for (const operation of operations) {
    app.on(operation.method.toUpperCase(), routerPath(operation.path), door.handler(operation));
  }
  addDocs(app, door, () => documentOf(app, operations));

  const allowed = allowedMethods(operations);
  app.notFound((c) => {
    const methods = allowed(new URL(c.req.url).pathname);
    const answer =
      methods.length === 0 ? problem('not_found') : problem('method_not_allowed', {}, [['Allow', methods.join(', ')]]);
    return door.respond(c, answer, 'none');
  });
  app.onError((error, c) => door.fail(c, error, 'none'));
  return {
    fetch: app.fetch,
    unreadable: (why) => door.unreadable(why),
    operations,
    close() {
      streams.close();
      seatStreams.close();
    },
  };
}

function routerPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/** The methods that a path takes, by the same patterns as the router's. */
function allowedMethods(operations: readonly Operation[]): (path: string) => string[] {
  const patterns = operations.map(({ path, method }) => ({
    matches: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+').replaceAll('.', '\\.')}$`),
    method: method.toUpperCase(),
  }));
  for (const path of docsPaths) {
    patterns.push({ matches: new RegExp(`^${path.replaceAll('.', '\\.')}$`), method: 'GET' });
  }
  return (path) => {
    const methods = patterns.filter(({ matches }) => matches.test(path)).map(({ method }) => method);
    return methods.includes('GET') ? ['GET', 'HEAD', ...methods.filter((method) => method !== 'GET')] : methods;
  };
}
