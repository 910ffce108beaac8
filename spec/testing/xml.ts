/** A strict reader of the XML that reports write, for tests: elements, attributes, text, and the five entities. */

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  text: string;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const TOKEN = /<(\/?)([A-Za-z_][\w.-]*)((?:\s+[A-Za-z_][\w.-]*="[^"<]*")*)\s*(\/?)>|([^<]+)/y;

function unescapeXml(text: string): string {
  return text.replaceAll(/&(?:#([0-9]+)|([a-z]+));|&/g, (all, code?: string, name?: string) => {
    if (code !== undefined) return String.fromCodePoint(Number(code));
    const character = ENTITIES[name ?? ''];
    if (character === undefined) throw new Error(`${all} is no entity`);
    return character;
  });
}

function attributesOf(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(/([\w.-]+)="([^"]*)"/g)) {
    if (name in found) throw new Error(`${name} stands twice`);
    found[name] = unescapeXml(value);
  }
  return found;
}

/** Reads a document. Throws an Error where it is not well formed. */
export function parseXml(text: string): XmlElement {
  // oxlint-disable-next-line no-control-regex -- Controls are what XML cannot hold.
  if (/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text)) throw new Error('a character that XML cannot hold');
  const root: XmlElement = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  const start = /^<\?xml [^>]*\?>\s*/.exec(text)?.[0].length ?? 0;
  for (TOKEN.lastIndex = start; TOKEN.lastIndex < text.length;) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    const top = open.at(-1);
    if (match === null || top === undefined) throw new Error(`not well formed at ${at}: ${text.slice(at, at + 60)}`);
    const [, closing, name, attributes = '', empty, plain] = match;
    if (plain !== undefined) top.text += unescapeXml(plain);
    else if (closing === '/') {
      if (top.name !== name) throw new Error(`</${name}> where ${top.name} is open`);
      open.pop();
    } else {
      const element: XmlElement = { name: name ?? '', attributes: attributesOf(attributes), children: [], text: '' };
      top.children.push(element);
      if (empty !== '/') open.push(element);
    }
  }
  const [document] = root.children;
  if (open.length !== 1 || document === undefined || root.children.length !== 1)
    throw new Error('not one whole element');
  return document;
}
