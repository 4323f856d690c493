/** For whoever runs the program: is it alive, is it ready, how is it doing. */
import { z } from '@hono/zod-openapi';
import { json } from '../../answers/answer.ts';
import { limits } from '../../limits.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { operation, type Operation } from '../operation.ts';

const healthSchema = z
  .object({ status: z.enum(['ok', 'degraded', 'unavailable']), degraded: z.array(z.string()) })
  .openapi('Health');

export function operationsRoutes({ metrics, readiness, draining }: HttpDependencies): Operation[] {
  const shared = {
    tag: 'Operations',
    access: 'open',
    bodyBytesMax: limits.bodyBytesMax,
    always: true,
    unlimited: true,
  } as const;
  return [
    operation({
      ...shared,
      id: 'live',
      method: 'get',
      path: '/health/live',
      summary: 'The process runs',
      answers: { 200: { description: 'It does', schema: healthSchema } },
      refusals: [],
      handle: () => json(200, { status: 'ok', degraded: [] }),
    }),
    operation({
      ...shared,
      id: 'ready',
      method: 'get',
      path: '/health/ready',
      summary: 'Recovered, and the journal can be written; names what is degraded',
      answers: {
        200: { description: 'Ready', schema: healthSchema },
        503: { description: 'Not ready, or stopping', schema: healthSchema },
      },
      refusals: [],
      handle() {
        const { ready, degraded } = readiness();
        if (draining()) return json(503, { status: 'unavailable', degraded: [...degraded, 'draining'] });
        const status = ready ? (degraded.length === 0 ? 'ok' : 'degraded') : 'unavailable';
        return json(ready ? 200 : 503, { status, degraded });
      },
    }),
    operation({
      ...shared,
      id: 'metrics',
      method: 'get',
      path: '/metrics',
      summary: 'For Prometheus',
      answers: { 200: { description: 'Metrics', schema: z.string(), contentType: 'text/plain' } },
      refusals: [],
      async handle() {
        return { status: 200, body: await metrics.text(), contentType: metrics.contentType, headers: [] };
      },
    }),
  ];
}
