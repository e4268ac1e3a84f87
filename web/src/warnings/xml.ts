/**
 * XML as the authority writes it, read without the browser's parser: pages may hand no text to that
 * one (Trusted Types), and what a person signs must be read by rules that are seen here whole.
 *
 * Elements, text, character references and the five named ones; attributes only as `xmlns`.
 * Whatever else XML knows (document types, entities, comments, CDATA) is refused.
 */

export class XmlError extends Error {}

export interface Element {
  readonly name: string;
  readonly children: readonly Element[];
  /** Text directly within; of elements that hold others it is only blanks. */
  readonly text: string;
}

const DEEPEST = 12;
const MOST_ELEMENTS = 5_000;
const DECLARATION = /^<\?xml version=(['"])1\.0\1 encoding=(['"])utf-8\2\?>/i;
const NAME = /[A-Za-z][A-Za-z0-9]*/y;
const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** The root element, whose default namespace must be the one asked for. */
export function readXml(source: string, namespace: string): Element {
  const reader = new Reader(source.replace(DECLARATION, ""), namespace);
  return reader.document();
}

class Reader {
  #at = 0;
  #elements = 0;
  readonly #source: string;
  readonly #namespace: string;

  constructor(source: string, namespace: string) {
    this.#source = source;
    this.#namespace = namespace;
  }

  document(): Element {
    this.#blanks();
    const root = this.#element(0);
    this.#blanks();
    if (this.#at !== this.#source.length) throw new XmlError("something follows the document");
    return root;
  }

  #element(depth: number): Element {
    this.#elements += 1;
    if (depth > DEEPEST || this.#elements > MOST_ELEMENTS) throw new XmlError("too large");
    this.#take("<");
    const name = this.#name();
    if (depth === 0) this.#take(` xmlns="${this.#namespace}"`);
    if (this.#next(" />") || this.#next("/>")) return { name, children: [], text: "" };
    this.#take(">");
    const children: Element[] = [];
    let text = "";
    while (!this.#source.startsWith("</", this.#at)) {
      if (this.#source[this.#at] === "<") children.push(this.#element(depth + 1));
      else text += this.#text();
    }
    this.#take(`</${name}>`);
    if (children.length > 0 && text.trim() !== "") {
      throw new XmlError(`text beside elements in ${name}`);
    }
    return { name, children, text };
  }

  #text(): string {
    const end = this.#source.indexOf("<", this.#at);
    if (end < 0) throw new XmlError("the document ends within an element");
    const raw = this.#source.slice(this.#at, end);
    this.#at = end;
    return raw.replace(/&([^;&]*)(;?)/g, (whole, name: string, closed: string) => {
      const found = closed ? reference(name) : undefined;
      if (found === undefined) throw new XmlError(`the reference ${whole.slice(0, 12)}`);
      return found;
    });
  }

  #name(): string {
    NAME.lastIndex = this.#at;
    const found = NAME.exec(this.#source)?.[0];
    if (found === undefined) throw new XmlError("no name of an element");
    this.#at += found.length;
    return found;
  }

  #blanks(): void {
    while (/[ \t\r\n]/.test(this.#source[this.#at] ?? "")) this.#at += 1;
  }

  #next(wanted: string): boolean {
    if (!this.#source.startsWith(wanted, this.#at)) return false;
    this.#at += wanted.length;
    return true;
  }

  #take(wanted: string): void {
    if (!this.#next(wanted)) throw new XmlError(`no ${wanted} at ${this.#at}`);
  }
}

function reference(name: string): string | undefined {
  if (Object.hasOwn(NAMED, name)) return NAMED[name];
  const number = /^#(?:x([0-9a-f]{1,6})|([0-9]{1,7}))$/i.exec(name);
  if (!number) return undefined;
  const code = number[1] ? Number.parseInt(number[1], 16) : Number(number[2]);
  const broken = code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) || code === 0;
  return broken ? undefined : String.fromCodePoint(code);
}
