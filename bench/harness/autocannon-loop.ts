/** Closed loop by autocannon, whose figures others can compare with their own. */
import autocannon, { type Client, type Request } from 'autocannon';
import { AnswerCounts } from './answer-counts.ts';
import type { LoopOptions, LoopResult } from './closed-loop.ts';
import type { HttpRequest } from './request-bytes.ts';

export interface AutocannonOptions extends Omit<LoopOptions, 'requests'> {
  readonly count: number;
  readonly requestAt: (index: number) => HttpRequest;
}

const answerMaxSeconds = 20;

/** Sends every request once, each connection its share. */
export async function autocannonLoop(options: AutocannonOptions): Promise<LoopResult> {
  const connections = Math.min(options.connections, options.count);
  const shares: Request[][] = Array.from({ length: connections }, () => []);
  for (let index = 0; index < options.count; index++) {
    shares[index % connections]?.push({ ...options.requestAt(index) });
  }
  const counts = new AnswerCounts();
  let startedMs = 0;
  let answeredMs = 0;
  let successMs = 0;
  let next = 0;
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = autocannon(
      {
        url: `http://127.0.0.1:${options.port}/`,
        connections,
        amount: options.count,
        timeout: answerMaxSeconds,
        setupClient(client: Client) {
          client.setRequests(shares[next++] ?? []);
        },
      },
      (error: unknown, done) => (error instanceof Error ? reject(error) : resolve(done)),
    );
    run.on('start', () => {
      options.onStart?.();
      startedMs = performance.now();
    });
    run.on('response', (_client, status, _bytes, latencyMs) => {
      answeredMs = performance.now();
      if (status >= 200 && status < 300) successMs = answeredMs;
      counts.add(status, latencyMs);
      // autocannon itself ends up to a second later.
      if (counts.total === options.count) options.onEnd?.();
    });
  });
  if (result.errors > 0) throw new Error(`${result.errors} requests of autocannon failed`);
  return {
    answers: counts.answers(),
    seconds: (answeredMs - startedMs) / 1000,
    secondsToLastSuccess: Math.max(0, successMs - startedMs) / 1000,
  };
}
