/** One round: a fixed number of different holds over kept connections, and how long they took. */
import autocannon, { type Client, type Request } from 'autocannon';

export interface RoundResult {
  /** Answers 201; nothing else counts as a success. */
  readonly created: number;
  /** Every other answer, by status. */
  readonly others: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** ms, of all answers. */
  readonly latency: { readonly p50: number; readonly p99: number };
}

export interface RoundOptions {
  readonly port: number;
  readonly connections: number;
  /** One list of requests for each connection; each is sent once. */
  readonly requests: readonly Request[][];
}

/**
 * Sends every request once. The bytes are made before the first is sent, so that the load generator, which shares the
 * machine with the server, does as little as it can while it measures.
 */
export async function runRound({ port, connections, requests }: RoundOptions): Promise<RoundResult> {
  const amount = requests.reduce((sum, list) => sum + list.length, 0);
  const statuses = new Map<number, number>();
  let startedMs = 0;
  let answeredMs = 0;
  let next = 0;
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = autocannon(
      {
        url: `http://127.0.0.1:${port}/v1/reservations`,
        method: 'POST',
        connections,
        amount,
        timeout: 30,
        setupClient(client: Client) {
          client.setRequests(requests[next++] ?? []);
        },
      },
      (error: unknown, done) => (error instanceof Error ? reject(error) : resolve(done)),
    );
    run.on('start', () => (startedMs = performance.now()));
    run.on('response', (_client, status) => {
      answeredMs = performance.now();
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    });
  });
  const created = statuses.get(201) ?? 0;
  statuses.delete(201);
  if (result.errors > 0) statuses.set(0, result.errors);
  return {
    created,
    others: Object.fromEntries(statuses),
    seconds: (answeredMs - startedMs) / 1000,
    latency: { p50: result.latency.p50, p99: result.latency.p99 },
  };
}
