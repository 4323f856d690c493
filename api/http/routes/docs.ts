/** The page that shows and tries the API, and the document it is made from. Every asset comes from this process. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Hono } from 'hono';
import type { Answer, Header } from '../../answers/answer.ts';
import { isPermanent, isProblemCode, problems } from '../../answers/problems.ts';
import type { Door } from '../door.ts';

/**
 * No script but our own files, no host but this one. Styles may be inline because the page's library sets `style`
 * attributes; they can neither load nor run anything.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const headers: readonly Header[] = [
  ['Content-Security-Policy', policy],
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'no-referrer'],
  ['Cache-Control', 'no-cache'],
];

const library = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const pages = join(import.meta.dirname, '../../web');

const files = [
  ['/docs', join(pages, 'docs.html'), 'text/html; charset=utf-8'],
  ['/docs/docs.js', join(pages, 'docs.js'), 'text/javascript; charset=utf-8'],
  ['/docs/docs.css', join(pages, 'docs.css'), 'text/css; charset=utf-8'],
  ['/docs/swagger-ui.css', join(library, 'swagger-ui.css'), 'text/css; charset=utf-8'],
  ['/docs/swagger-ui-bundle.js', join(library, 'swagger-ui-bundle.js'), 'text/javascript; charset=utf-8'],
  ['/docs/favicon-32x32.png', join(library, 'favicon-32x32.png'), 'image/png'],
] as const;

/** `document` is called once, when it is first asked for. */
export function addDocs(app: Pick<Hono, 'get'>, door: Door, document: () => object): void {
  for (const [path, file, contentType] of files) {
    const body = (): Buffer | string => (path === '/docs' ? page(readFileSync(file, 'utf8')) : readFileSync(file));
    const answer = once((): Answer => ({ status: 200, body: body(), contentType, headers }));
    app.get(path, (c) => door.respond(c, answer(), path));
  }
  const answer = once((): Answer => ({
    status: 200,
    body: JSON.stringify(document()),
    contentType: 'application/json',
    headers: [['Cache-Control', 'no-cache']],
  }));
  app.get('/openapi.json', (c) => door.respond(c, answer(), '/openapi.json'));
}

/** With a row for each problem, which its `type` leads to. All of it is text of this program. */
function page(html: string): string {
  const rows = Object.entries(problems).map(([code, { status, title, extras }]) => {
    const again = isProblemCode(code) && isPermanent(code) ? 'is refused again' : 'may succeed later';
    const cells = [`<code>${code}</code>`, status, title, again, extras.join(', ')];
    return `<tr id="problem-${code}">${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  return html.replace('<!-- problems -->', rows.join('\n          '));
}

export const docsPaths: readonly string[] = [...files.map(([path]) => path), '/openapi.json'];

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
