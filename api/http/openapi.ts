/** The OpenAPI document, made from the operations and the very schemas that validate. */
import { z, type OpenAPIHono } from '@hono/zod-openapi';
import { problems, type ProblemCode } from '../answers/problems.ts';
import type { Content, Operation } from './operation.ts';

type Registry = OpenAPIHono['openAPIRegistry'];
type Route = Parameters<Registry['registerPath']>[0];
type Responses = Route['responses'];
type Parameter = z.ZodType;

const fieldErrorSchema = z.object({ path: z.string(), message: z.string() });

const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]), // The keys of that table are the codes.
    detail: z.string(),
    errors: z.array(fieldErrorSchema).optional().openapi({ description: 'Of `invalid_request`' }),
    requestId: z.string().optional().openapi({ description: 'Of `internal`: to find in the log' }),
  })
  .openapi('Problem');

const securitySchemes = {
  queueToken: { type: 'apiKey', in: 'header', name: 'Queue-Token', description: 'From `POST /v1/queue/tokens`' },
  user: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The user’s JWT (HS256, `sub` is the user); asked for when the server has AUTH_JWT_SECRET',
  },
  admin: { type: 'http', scheme: 'bearer', description: 'ADMIN_KEY' },
} as const;

const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/)
  .optional()
  .openapi({
    description:
      'A repetition with the same key and body gets the first successful answer again, for 24 h. The key is of this user, of ' +
      'what is addressed (a wallet, or a date: its holds and payments share their keys) and of this door: the same ' +
      'key elsewhere, or over NATS, is another one. Give each request its own',
  });

const about = `Holds, payments and a fair line for concert on-sales. Times are ISO 8601 UTC, money is whole minor units.
Refusals are RFC 9457 problems: switch on \`code\`. Try it: join the queue, authorize with the token, browse, hold, charge, pay.`;

export function documentOf(app: OpenAPIHono, operations: readonly Operation[]): object {
  const registry = app.openAPIRegistry;
  for (const [name, scheme] of Object.entries(securitySchemes)) {
    registry.registerComponent('securitySchemes', name, scheme);
  }
  for (const operation of operations) registry.registerPath(routeOf(operation));
  const tags = [...new Set(operations.map(({ tag }) => tag))];
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Onsale', version: '1', description: about, license: { name: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    tags: tags.map((name) => ({ name })),
  });
}

/** The codes that an operation can answer: what its handler refuses, and what the door checks for it. */
function refusalsOf(operation: Operation): readonly ProblemCode[] {
  const codes = new Set<ProblemCode>(operation.refusals);
  if (operation.params !== undefined || operation.query !== undefined || operation.body !== undefined) {
    codes.add('invalid_request');
  }
  codes.add('payload_too_large');
  if (operation.body !== undefined) codes.add('unsupported_media_type');
  if (operation.keyed === true) codes.add('invalid_request').add('idempotency_key_reused');
  for (const code of accessRefusals[operation.access]) codes.add(code);
  if (operation.unlimited !== true) codes.add('too_many_requests');
  if (operation.always !== true) codes.add('overloaded').add('draining');
  codes.add('internal');
  return [...codes];
}

const accessRefusals = {
  open: [],
  'queue-token': ['queue_token_required', 'queue_token_invalid'],
  'reservation-owner': ['queue_token_required', 'queue_token_invalid', 'unauthenticated'],
  user: ['unauthenticated', 'forbidden'],
  'user-or-token': ['unauthenticated', 'forbidden', 'queue_token_invalid'],
  admin: ['unauthenticated'],
} as const satisfies Record<Operation['access'], readonly ProblemCode[]>;

const security = {
  open: [],
  'queue-token': [{ queueToken: [] }],
  'reservation-owner': [{ queueToken: [] }, { user: [] }],
  user: [{ user: [] }, {}],
  'user-or-token': [{ user: [] }, { queueToken: [] }, {}],
  admin: [{ admin: [] }],
} as const satisfies Record<Operation['access'], readonly object[]>;

function routeOf(operation: Operation): Route {
  const responses: Responses = {};
  for (const [status, content] of Object.entries(operation.answers)) {
    responses[Number(status)] = answerOf(operation, Number(status), content);
  }
  addProblems(responses, refusalsOf(operation));
  return {
    method: operation.method,
    path: operation.path,
    operationId: operation.id,
    tags: [operation.tag],
    summary: operation.summary,
    security: security[operation.access].map((scheme) => ({ ...scheme })),
    request: requestOf(operation),
    responses,
  };
}

function requestOf(operation: Operation): NonNullable<Route['request']> {
  const headers: Record<string, Parameter> = {};
  if (operation.keyed === true) headers['Idempotency-Key'] = idempotencyKey;
  for (const [name, description] of Object.entries(operation.requestHeaders ?? {})) {
    headers[name] = z.string().optional().openapi({ description });
  }
  return {
    // Declared with `z.object`, all of them; the operation holds them with their types erased.
    ...(operation.params === undefined ? {} : { params: operation.params as z.ZodObject }),
    ...(operation.query === undefined ? {} : { query: operation.query as z.ZodObject }),
    ...(Object.keys(headers).length === 0 ? {} : { headers: z.object(headers) }),
    ...(operation.body === undefined
      ? {}
      : { body: { required: true, content: { 'application/json': { schema: operation.body } } } }),
  };
}

function answerOf(operation: Operation, status: number, content: Content): Responses[number] {
  const headers = { 'X-Request-Id': headerOf('To find the request in the log'), ...mapped(content.headers ?? {}) };
  const replayed = operation.keyed === true && status === 201;
  if (replayed) Object.assign(headers, { 'Idempotency-Replayed': headerOf('`true` on a repeated answer') });
  const { description, schema, contentType = 'application/json' } = content;
  return schema === null ? { description, headers } : { description, headers, content: { [contentType]: { schema } } };
}

function mapped(headers: Readonly<Record<string, string>>): Record<string, ReturnType<typeof headerOf>> {
  return Object.fromEntries(Object.entries(headers).map(([name, description]) => [name, headerOf(description)]));
}

function headerOf(description: string) {
  return { description, schema: { type: 'string' } } as const;
}

/** One response a status, with an example for each code. */
function addProblems(responses: Responses, codes: readonly ProblemCode[]): void {
  const byStatus = Map.groupBy(codes, (code) => problems[code].status);
  for (const [status, group] of [...byStatus].sort(([a], [b]) => a - b)) {
    const examples = Object.fromEntries(group.map((code) => [code, { value: exampleOf(code) }]));
    const retries = status === 429 || status === 503;
    const before = responses[status];
    const content = before !== undefined && 'content' in before ? before.content : {};
    responses[status] = {
      description: group.map((code) => `\`${code}\``).join(', '),
      headers: {
        'X-Request-Id': headerOf('To find the request in the log'),
        ...(retries ? { 'Retry-After': headerOf('Seconds to wait, at least 1') } : {}),
        ...(status === 401 ? { 'WWW-Authenticate': headerOf('`Bearer`, with `unauthenticated`') } : {}),
      },
      content: { ...content, 'application/problem+json': { schema: problemSchema, examples } },
    };
  }
}

function exampleOf(code: ProblemCode): object {
  const { status, title } = problems[code];
  return { type: `/docs#problem-${code}`, title, status, code, detail: `${title}.` };
}
