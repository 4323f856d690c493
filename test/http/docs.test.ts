/** The document and the page that shows it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { OpenApi } from './openapi-arbitrary.ts';
import { businessCodes, permanenceOf } from '../../actors/codes.ts';
import { isPermanent, problems } from '../../api/answers/problems.ts';
import { expecting, startStage, type Stage } from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await startStage();
});
after(async () => await stage.stop());

const routes = [
  'post /v1/queue/tokens',
  'get /v1/queue/tokens/current',
  'get /v1/queue/tokens/current/events',
  'delete /v1/queue/tokens/current',
  'get /v1/concerts',
  'get /v1/concerts/{concertId}/schedules',
  'get /v1/schedules/{scheduleId}/seats',
  'get /v1/schedules/{scheduleId}/seats/events',
  'post /v1/reservations',
  'get /v1/reservations/{id}',
  'delete /v1/reservations/{id}',
  'post /v1/payments',
  'get /v1/users/{userId}/balance',
  'post /v1/users/{userId}/charges',
  'get /v1/users/{userId}/reservations',
  'post /v1/admin/concerts',
  'post /v1/admin/concerts/{concertId}/schedules',
  'get /v1/admin/rooms/{room}',
  'put /v1/admin/rooms/{room}',
  'get /v1/admin/overview',
  'get /health/live',
  'get /health/ready',
  'get /metrics',
];

/** Every `pattern` below a value of JSON, with the `example` beside it. */
function patternsIn(value: unknown): { readonly pattern: string; readonly example: string | undefined }[] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.values(value).flatMap(patternsIn);
  if (!('pattern' in value) || typeof value.pattern !== 'string') return inside;
  const example = 'example' in value && typeof value.example === 'string' ? value.example : undefined;
  return [{ pattern: value.pattern, example }, ...inside];
}

describe('the OpenAPI document', () => {
  test('names every route, with its problems and its credentials', async () => {
    const { body } = await expecting(200, stage.send('GET', '/openapi.json'));
    // The document is made by this program; the assertions read of it what they compare.
    const document = body as unknown as OpenApi;
    assert.equal(document.openapi, '3.1.0');
    const named = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    assert.deepEqual(named.sort(), [...routes].sort());
    const hold = document.paths['/v1/reservations']?.['post'];
    const expected = ['201', '400', '401', '403', '404', '409', '413', '415', '422', '429', '500', '503'];
    assert.deepEqual(Object.keys(hold?.responses ?? {}).sort(), expected);
    assert.deepEqual(hold?.security, [{ queueToken: [] }]);
    assert.match(JSON.stringify(hold?.responses['409']), /seat_unavailable/);
    for (const reference of JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) {
      assert.ok(document.components.schemas[reference[1] ?? ''], reference[0]);
    }
  });

  test('has patterns that its own examples match', async () => {
    const { body } = await expecting(200, stage.send('GET', '/openapi.json'));
    const patterns = patternsIn(body);
    assert.ok(patterns.length > 5);
    for (const { pattern, example } of patterns) {
      const expression = new RegExp(pattern, 'u');
      if (example !== undefined) assert.match(example, expression);
    }
    assert.ok(patterns.some(({ example }) => example === 'Floor A'));
  });
});

describe('what a refusal means for the same request', () => {
  test('is told as the rules class it', () => {
    for (const code of businessCodes) assert.equal(isPermanent(code), permanenceOf(code) === 'permanent', code);
    // These two tell when to come again.
    for (const code of ['overloaded', 'draining'] as const) assert.equal(isPermanent(code), false);
  });
});

describe('the page', () => {
  test('and all it loads comes from this process, under a policy that allows nothing else', async () => {
    const page = await expecting(200, stage.send('GET', '/docs'));
    const policy = page.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /script-src 'self'(;|$)/);
    const assets = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    assert.ok(assets.length >= 5);
    for (const asset of assets) {
      assert.match(asset, /^\/[^/]/);
      const { text } = await expecting(200, stage.send('GET', asset));
      assert.notEqual(text, '');
    }
  });

  test('explains every problem where its type leads', async () => {
    const refused = await stage.send('GET', '/v1/queue/tokens/current');
    const { text } = await expecting(200, stage.send('GET', '/docs'));
    const anchor = String(refused.body['type']).replace('/docs#', '');
    assert.match(text, new RegExp(`<tr id="${anchor}">.*${String(refused.body['title'])}`));
    for (const code of Object.keys(problems)) assert.ok(text.includes(`<tr id="problem-${code}">`), code);
    assert.match(text, /<tr id="problem-already_paid">.*<td>is refused again</);
    assert.match(text, /<tr id="problem-seat_unavailable">.*<td>may succeed later</);
    assert.match(text, /<tr id="problem-invalid_request">.*<td>is refused again</);
    assert.match(text, /<tr id="problem-draining">.*<td>may succeed later</);
  });
});
