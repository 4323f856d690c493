/** Requests over NATS as fast as they are answered, a fixed number under way, at the least cost to the machine. */
import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';

export interface BenchRequest {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers?: MsgHdrs;
}

export interface PipelineResult {
  readonly ok: number;
  /** Answers that are no success, by problem code. */
  readonly others: Readonly<Record<string, number>>;
  readonly seconds: number;
}

const okHead = Buffer.from('{"ok":true');
const answerMaxMs = 30_000;

/**
 * Sends each request once, `window` under way at any time. One subscription for all answers: the client's own `request`
 * would make a timer and a promise for each, and the generator shares the machine with what it measures.
 */
export async function pipeline(
  nc: NatsConnection,
  requests: readonly BenchRequest[],
  window: number,
): Promise<PipelineResult> {
  const inbox = createInbox();
  const others = new Map<string, number>();
  const done = Promise.withResolvers<void>();
  let next = 0;
  let ok = 0;
  let answered = 0;
  const send = (): void => {
    const request = requests[next];
    if (request === undefined) return;
    next++;
    const options = { reply: `${inbox}.${next}` };
    nc.publish(
      request.subject,
      request.payload,
      request.headers === undefined ? options : { ...options, headers: request.headers },
    );
  };
  const count = (message: Msg): void => {
    answered++;
    if (okHead.equals(message.data.subarray(0, okHead.length))) ok++;
    else {
      const code = message.headers?.get('Nats-Service-Error') || `status ${message.headers?.code ?? 0}`;
      others.set(code, (others.get(code) ?? 0) + 1);
    }
    if (answered === requests.length) done.resolve();
    else send();
  };
  const subscription = nc.subscribe(`${inbox}.*`, { callback: (_error, message) => count(message) });
  await nc.flush();
  const late = setTimeout(
    () => done.reject(new Error(`${requests.length - answered} requests got no answer`)),
    answerMaxMs,
  );
  const startedMs = performance.now();
  for (let first = 0; first < window; first++) send();
  await done.promise.finally(() => clearTimeout(late));
  const seconds = (performance.now() - startedMs) / 1000;
  subscription.unsubscribe();
  return { ok, others: Object.fromEntries(others), seconds };
}
