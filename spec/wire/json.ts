/**
 * JSON read token by token. `JSON.parse` hides what a judge has to see: numbers through a double, the second of two
 * equal members. Here a number keeps its literal text and an object all of its members.
 */

export type JsonNode =
  | { readonly type: 'string'; readonly text: string }
  | { readonly type: 'number'; readonly literal: string }
  | { readonly type: 'true' | 'false' | 'null' }
  | { readonly type: 'array'; readonly items: readonly JsonNode[] }
  | { readonly type: 'object'; readonly members: readonly (readonly [string, JsonNode])[] };

/** Deeper documents are refused, so that no reply can exhaust the suite's stack. */
const DEPTH_MAX = 1000;

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const SPACE = /[ \t\n\r]*/y;

class Scanner {
  #offset = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonNode {
    const node = this.#value(0);
    this.#match(SPACE);
    if (this.#offset < this.#text.length) throw this.#error('text behind the document');
    return node;
  }

  #error(what: string): SyntaxError {
    return new SyntaxError(`${what} at character ${this.#offset}`);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#offset += found.length;
    return found;
  }

  #take(character: string): boolean {
    this.#match(SPACE);
    if (this.#text[this.#offset] !== character) return false;
    this.#offset += 1;
    return true;
  }

  #need(character: string): void {
    if (!this.#take(character)) throw this.#error(`no ${character}`);
  }

  #value(depth: number): JsonNode {
    if (depth > DEPTH_MAX) throw this.#error(`nested deeper than ${DEPTH_MAX}`);
    if (this.#take('{')) return this.#object(depth);
    if (this.#take('[')) return this.#array(depth);
    if (this.#text[this.#offset] === '"') return { type: 'string', text: this.#string() };
    for (const word of ['true', 'false', 'null'] as const) {
      if (!this.#text.startsWith(word, this.#offset)) continue;
      this.#offset += word.length;
      return { type: word };
    }
    const literal = this.#match(NUMBER);
    if (literal === undefined) throw this.#error('no JSON value');
    return { type: 'number', literal };
  }

  #string(): string {
    this.#need('"');
    const start = this.#offset - 1;
    // A loop, because a regular expression over a string of megabytes exhausts the engine's stack.
    for (;;) {
      const character = this.#text[this.#offset];
      if (character === undefined || character < ' ') throw this.#error('no JSON string');
      if (character === '\\') {
        if (this.#match(ESCAPE) === undefined) throw this.#error('no JSON escape');
        continue;
      }
      this.#offset += 1;
      if (character === '"') return String(JSON.parse(this.#text.slice(start, this.#offset)));
    }
  }

  #array(depth: number): JsonNode {
    const items: JsonNode[] = [];
    if (this.#take(']')) return { type: 'array', items };
    do items.push(this.#value(depth + 1));
    while (this.#take(','));
    this.#need(']');
    return { type: 'array', items };
  }

  #object(depth: number): JsonNode {
    const members: (readonly [string, JsonNode])[] = [];
    if (this.#take('}')) return { type: 'object', members };
    do {
      const name = this.#string();
      this.#need(':');
      members.push([name, this.#value(depth + 1)]);
    } while (this.#take(','));
    this.#need('}');
    return { type: 'object', members };
  }
}

/** Reads one JSON document. Throws a SyntaxError that names the place. */
export function parseJson(text: string): JsonNode {
  return new Scanner(text).document();
}

/** The only member of that name; undefined if there is none. Throws a SyntaxError if there are two. */
export function member(node: JsonNode, name: string): JsonNode | undefined {
  if (node.type !== 'object') return undefined;
  const found = node.members.filter(([each]) => each === name);
  if (found.length > 1) throw new SyntaxError(`the member ${name} occurs ${found.length} times`);
  return found[0]?.[1];
}

/** How closely numbers are compared: by their text (JSON-7), or as doubles. */
export type NumberComparison = 'literal' | 'double';

/**
 * The first difference between two documents, in words with its path, or undefined. Members may stand in any order;
 * equal names in one object are a difference unless both sides have them.
 */
export function jsonDifference(
  expected: JsonNode,
  observed: JsonNode,
  numbers: NumberComparison,
  path = '$',
): string | undefined {
  if (expected.type !== observed.type) return `${path} is ${observed.type}, not ${expected.type}`;
  if (expected.type === 'string' && observed.type === 'string') {
    if (expected.text === observed.text) return undefined;
    return `${path} is ${JSON.stringify(observed.text)}, not ${JSON.stringify(expected.text)}`;
  }
  if (expected.type === 'number' && observed.type === 'number') {
    const same =
      numbers === 'literal'
        ? expected.literal === observed.literal
        : Object.is(Number(expected.literal), Number(observed.literal));
    return same ? undefined : `${path} is ${observed.literal}, not ${expected.literal}`;
  }
  if (expected.type === 'array' && observed.type === 'array') {
    if (expected.items.length !== observed.items.length) {
      return `${path} has ${observed.items.length} items, not ${expected.items.length}`;
    }
    return firstDifference(
      expected.items.map((item, index) => [item, observed.items[index], `${path}[${index}]`]),
      numbers,
    );
  }
  if (expected.type === 'object' && observed.type === 'object') {
    const names = (members: typeof expected.members): string => JSON.stringify(members.map(([name]) => name).sort());
    if (names(expected.members) !== names(observed.members)) {
      return `${path} has the members ${names(observed.members)}, not ${names(expected.members)}`;
    }
    return firstDifference(
      expected.members.map(([name, node]) => [node, member(observed, name), `${path}.${name}`]),
      numbers,
    );
  }
  return undefined;
}

function firstDifference(
  pairs: readonly (readonly [JsonNode, JsonNode | undefined, string])[],
  numbers: NumberComparison,
): string | undefined {
  for (const [expected, observed, path] of pairs) {
    const difference = observed && jsonDifference(expected, observed, numbers, path);
    if (difference !== undefined) return difference;
  }
  return undefined;
}
