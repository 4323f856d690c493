/** Reads TypeScript source as text: its code without comments and strings, and the modules that it imports. */

export interface Import {
  readonly from: string;
  /** Erased by the compiler: `import type` and `export type`. `import { type A }` is none, it loads the module. */
  readonly typeOnly: boolean;
}

/** The source with comments blanked, and on request also the text of strings; code inside `${…}` stays. */
export function withoutComments(source: string, keepStrings: boolean): string {
  let out = '';
  /** What encloses the current position: a template literal, or code in braces inside of one. */
  const stack: ('template' | 'braces')[] = [];
  let i = 0;
  while (i < source.length) {
    const two = source.slice(i, i + 2);
    const character = source.charAt(i);
    if (stack.at(-1) === 'template') {
      if (two === '${') stack.push('braces');
      else if (character === '`') stack.pop();
      const length = two === '${' || character === '\\' ? 2 : 1;
      out += keepStrings ? source.slice(i, i + length) : ' '.repeat(length);
      i += length;
    } else if (two === '//' || two === '/*') {
      const end = source.indexOf(two === '//' ? '\n' : '*/', i);
      const next = end < 0 ? source.length : end + (two === '//' ? 0 : 2);
      out += source.slice(i, next).replaceAll(/[^\n]/g, ' ');
      i = next;
    } else if (character === "'" || character === '"') {
      const next = endOfString(source, i);
      out += keepStrings ? source.slice(i, next) : ' '.repeat(next - i);
      i = next;
    } else {
      if (character === '`') stack.push('template');
      else if (stack.length > 0 && character === '{') stack.push('braces');
      else if (stack.length > 0 && character === '}') stack.pop();
      out += character;
      i++;
    }
  }
  return out;
}

function endOfString(source: string, start: number): number {
  const quote = source.charAt(start);
  for (let i = start + 1; i < source.length; i++) {
    if (source.charAt(i) === '\\') i++;
    else if (source.charAt(i) === quote || source.charAt(i) === '\n') return i + 1;
  }
  return source.length;
}

const statement =
  /(?:^|[;}])\s*(?:import|export)\s+(?<type>type\s+)?(?:[\w$*{][^;'"]*?\sfrom\s*)?['"](?<from>[^'"]+)['"]/gm;
const dynamic = /\bimport\s*\(\s*['"](?<from>[^'"]+)['"]/g;

export function importsOf(source: string): Import[] {
  const code = withoutComments(source, true);
  const imports: Import[] = [];
  for (const { groups } of code.matchAll(statement)) {
    imports.push({ from: groups?.['from'] ?? '', typeOnly: groups?.['type'] !== undefined });
  }
  for (const { groups } of code.matchAll(dynamic)) imports.push({ from: groups?.['from'] ?? '', typeOnly: false });
  return imports;
}
