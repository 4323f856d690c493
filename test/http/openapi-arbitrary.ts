/** Requests made from the OpenAPI document: valid ones, and ones with something wrong in them. */
import fc from 'fast-check';

/** The part of JSON Schema that the document uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly allOf?: readonly Schema[];
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Schema;
}

interface DocumentedOperation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly responses: Readonly<Record<string, unknown>>;
}

export interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export interface FuzzRequest {
  readonly method: string;
  /** As the document writes it. */
  readonly route: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly documented: readonly string[];
}

/** Values that exist in the world of the test, so that valid requests get past the door. */
export interface World {
  /** By the name of a parameter or field. */
  readonly known: Readonly<Record<string, readonly unknown[]>>;
  readonly tokens: readonly string[];
  readonly adminKey: string;
}

/** One request in any of the document's operations. */
export function requests(document: OpenApi, world: World): fc.Arbitrary<FuzzRequest> {
  const all = Object.entries(document.paths).flatMap(([route, methods]) =>
    Object.entries(methods)
      // A stream does not end, so its answers cannot be awaited one by one; it has tests of its own.
      .filter(([, operation]) => operation.operationId !== 'streamQueueToken')
      .map(([method, operation]) => requestOf(document, world, route, method, operation)),
  );
  return fc.oneof(...all);
}

function requestOf(
  document: OpenApi,
  world: World,
  route: string,
  method: string,
  operation: DocumentedOperation,
): fc.Arbitrary<FuzzRequest> {
  const parameters = operation.parameters ?? [];
  const values = fc.tuple(...parameters.map((parameter) => parameterOf(document, world, parameter)));
  const schema = operation.requestBody?.content['application/json']?.schema;
  const body = schema === undefined ? fc.constant(null) : bodyOf(document, world, schema);
  return fc.tuple(values, body, credentials(world, operation)).map(([given, text, headers]) => {
    let path = route;
    const query = new URLSearchParams();
    const all: Record<string, string> = { ...headers };
    given.forEach((value, index) => {
      const parameter = parameters[index];
      if (parameter === undefined || value === null) return;
      if (parameter.in === 'path') path = path.replace(`{${parameter.name}}`, encodeURIComponent(value) || '%20');
      else if (parameter.in === 'query') query.append(parameter.name, value);
      else if (/^[\x20-\x7e]*$/.test(value)) all[parameter.name] = value;
    });
    if (text !== null) all['content-type'] ??= 'application/json';
    const search = query.size === 0 ? '' : `?${query.toString()}`;
    const documented = Object.keys(operation.responses);
    return { method: method.toUpperCase(), route, path: `${path}${search}`, headers: all, body: text, documented };
  });
}

function credentials(world: World, operation: DocumentedOperation): fc.Arbitrary<Record<string, string>> {
  const names = (operation.security ?? []).flatMap((scheme) => Object.keys(scheme));
  const none: Record<string, string> = {};
  if (names.includes('admin')) {
    const right = { authorization: `Bearer ${world.adminKey}` };
    return fc.oneof({ weight: 9, arbitrary: fc.constant(right) }, fc.constantFrom(none, { authorization: 'Bearer x' }));
  }
  if (!names.includes('queueToken')) return fc.constant(none);
  const right = fc.constantFrom(...world.tokens).map((token) => ({ 'queue-token': token }));
  const wrong = fc.constantFrom(none, { 'queue-token': 'x' }, { 'queue-token': '1.main.e.1.ann.AAAA' });
  return fc.oneof({ weight: 9, arbitrary: right }, wrong);
}

/** Null: left out. */
function parameterOf(document: OpenApi, world: World, parameter: Parameter): fc.Arbitrary<string | null> {
  const valid = valueOf(document, world, parameter.schema, parameter.name).map(textOf);
  const wrong = anything.map((value) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined')));
  const given = fc.oneof(
    { weight: 8, arbitrary: valid },
    wrong.map((text) => text.toWellFormed()),
  );
  return parameter.required === true ? given : fc.option(given);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom<unknown>('', '\u0000', '../..', '%', 'null', -1, 0, -0, 1e308, 2 ** 53, '__proto__', [], {}),
);

/** JSON text: valid, with a field changed, dropped or added, or no JSON at all. */
function bodyOf(document: OpenApi, world: World, schema: Schema): fc.Arbitrary<string> {
  const valid = valueOf(document, world, schema, '');
  const mutated = fc.tuple(valid, fc.nat(), anything, fc.constantFrom('change', 'drop', 'add')).map(mutate);
  return fc.oneof(
    { weight: 6, arbitrary: valid.map((value) => JSON.stringify(value)) },
    { weight: 4, arbitrary: mutated.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
    { weight: 1, arbitrary: anything.map((value) => JSON.stringify(value) ?? '') },
  );
}

function mutate([value, at, other, how]: [unknown, number, unknown, string]): unknown {
  if (typeof value !== 'object' || value === null) return other;
  const names = Object.keys(value);
  const name = names[at % Math.max(1, names.length)];
  // Any member of a JSON object is JSON.
  const copy: Record<string, unknown> = { ...(value as Record<string, unknown>) };
  if (how === 'add' || name === undefined) copy[typeof other === 'string' ? other : 'extra'] = other;
  else if (how === 'drop') delete copy[name];
  else if (Array.isArray(copy[name]) && at % 2 === 0) {
    copy[name] = copy[name].map((inner: unknown) => mutate([inner, at, other, how]));
  } else copy[name] = other;
  return copy;
}

function valueOf(document: OpenApi, world: World, schema: Schema, name: string): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) {
    const found = document.components.schemas[schema.$ref.slice('#/components/schemas/'.length)];
    if (found === undefined) throw new Error(`the document does not have ${schema.$ref}`);
    return valueOf(document, world, found, name);
  }
  const made = madeOf(document, world, schema, name);
  const known = world.known[name];
  return known === undefined ? made : fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known) }, made);
}

function madeOf(document: OpenApi, world: World, schema: Schema, name: string): fc.Arbitrary<unknown> {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case 'string':
      return stringOf(schema);
    case 'integer':
    case 'number':
      return fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 1_000, 1_000_000) });
    case 'boolean':
      return fc.boolean();
    case 'array': {
      const items = valueOf(document, world, schema.items ?? {}, `${name}[]`);
      const bounds = { minLength: schema.minItems ?? 0, maxLength: 4 };
      return schema.uniqueItems === true ? fc.uniqueArray(items, bounds) : fc.array(items, bounds);
    }
    case 'object': {
      const fields = Object.entries(schema.properties ?? {}).map(
        ([field, inner]) => [field, valueOf(document, world, inner, field)] as const,
      );
      return fc.record(Object.fromEntries(fields), { requiredKeys: [...(schema.required ?? [])] });
    }
    case undefined:
    default:
      return fc.jsonValue();
  }
}

function stringOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.pattern !== undefined && !schema.pattern.includes('\\p') && schema.format === undefined) {
    return fc.stringMatching(new RegExp(schema.pattern, 'u'));
  }
  if (schema.format === 'date-time') {
    const years = { min: new Date(0), max: new Date('2040-01-01'), noInvalidDate: true };
    return fc.date(years).map((date) => date.toISOString());
  }
  if (schema.pattern !== undefined)
    return fc.string({ unit: fc.constantFrom('A', 'b', '1', '가', 'é', ' '), maxLength: 16 });
  return fc.string({ minLength: schema.minLength ?? 0, maxLength: Math.min(schema.maxLength ?? 30, 30) });
}
