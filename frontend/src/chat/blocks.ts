/** Cuts growing Markdown into blocks, so that for a token only the last one is parsed anew, and code not at all.
 *
 * Facts (CommonMark 0.31): a fence may interrupt a paragraph and ends with its own kind of marker, at least as long, alone
 * on its line (§4.5). After an empty line, a line that is not indented can only begin a block of its own, unless it goes
 * on with a list (§5.2, §5.3). Link definitions hold for the whole document, the first of a label
 * counts, and labels are compared folded (§4.7), so a block is given those whose labels are in it.
 */

/** `plain` is text that looks like Markdown but is not to be parsed. */
export type Block =
  | { kind: 'markdown' | 'plain'; text: string }
  | { kind: 'code'; language: string; code: string };

/** Text without an empty line is cut after so many characters: parsing more for each token is felt. */
const LONGEST = 8_000;
/** Deeper lists and quotations are nobody's: parsing a line of 3,500 list markers took ten seconds and all of the stack. */
const DEEPEST = 100;

const FENCE = /^(`{3,}(?=[^`]*$)|~{3,})\s*(\S*)/;
const INNER_FENCE = /^\s+(`{3,}(?=[^`]*$)|~{3,})/;
const NESTED = /^(?:\s*(?:>|(?:[-*+]|\d{1,9}[.)])(?=\s|$)))+/;
const MARKER = />|[-*+]|\d+[.)]/g;
const LIST_ITEM = /^ {0,3}([-*+]|\d{1,9}[.)])(\s|$)/;
// A footnote is none: repeated, it would be printed below every block.
const DEFINITION = /^ {0,3}\[(?!\^)((?:\\.|[^\\[\]])+)\]: *\S/;
/** What stands in brackets without brackets in it: every reference's label, and more. */
const BRACKETED = /\[((?:\\[\s\S]|[^\\[\]])+)\]/g;

/** The blocks of a text, in order. Every character of it is in one of them, but for fences and empty lines. */
export function splitBlocks(text: string): Block[] {
  const cutter = new Cutter();
  for (const line of text.split('\n')) cutter.take(line);
  return cutter.end();
}

class Cutter {
  private readonly blocks: Block[] = [];
  /** By folded label. */
  private readonly definitions = new Map<string, string>();
  private lines: string[] = [];
  private length = 0;
  /** The marker that opened the code that is being read, and its language; no code is read where it is empty. */
  private fence = '';
  private language = '';
  /** The marker of code within a list's item, which stays in its block. */
  private innerFence = '';
  private inList = false;
  private afterEmpty = false;

  take(line: string): void {
    if (this.fence) {
      if (closes(line, this.fence)) this.cut();
      else this.add(line);
      return;
    }
    if (this.innerFence) {
      if (closes(line.trim(), this.innerFence)) this.innerFence = '';
      this.add(line);
      return;
    }
    const opened = FENCE.exec(line);
    if (opened) {
      this.cut();
      this.fence = opened[1] as string;
      this.language = opened[2] as string;
      return;
    }
    if (depth(line) > DEEPEST) {
      this.cut();
      this.blocks.push({ kind: 'plain', text: line });
      return;
    }
    const item = LIST_ITEM.test(line);
    const empty = line.trim() === '';
    const indented = /^\s/.test(line);
    if (!empty && !indented && !(this.inList && item) && this.afterEmpty) this.cut();
    // Rows of a table and lines of a list's item belong together.
    if (this.length > LONGEST && !indented && !line.startsWith('|') && (item || !this.inList)) this.cut();
    if (item && !this.lines.length) this.inList = true;
    this.innerFence = INNER_FENCE.exec(line)?.[1] ?? '';
    const label = DEFINITION.exec(line)?.[1];
    if (label !== undefined && !this.definitions.has(folded(label)))
      this.definitions.set(folded(label), line);
    if (line.length <= LONGEST) this.add(line);
    else this.addLong(line);
    this.afterEmpty = empty;
  }

  end(): Block[] {
    this.cut();
    if (!this.definitions.size) return this.blocks;
    return this.blocks.map((block) =>
      block.kind === 'markdown' ? { ...block, text: block.text + this.definitionsFor(block.text) } : block,
    );
  }

  private definitionsFor(text: string): string {
    const labels = new Set(Array.from(text.matchAll(BRACKETED), ([, label = '']) => folded(label)));
    const named = [...labels].flatMap((label) => this.definitions.get(label) ?? []);
    if (!named.length) return '';
    const own = new Set(text.split('\n'));
    const missing = named.filter((definition) => !own.has(definition));
    return missing.length ? `\n\n${missing.join('\n')}` : '';
  }

  private add(line: string): void {
    this.lines.push(line);
    this.length += line.length + 1;
  }

  private addLong(line: string): void {
    for (let from = 0; from < line.length; ) {
      const space = line.lastIndexOf(' ', from + LONGEST);
      const to = from + LONGEST >= line.length ? line.length : space > from ? space + 1 : from + LONGEST;
      this.cut();
      this.add(line.slice(from, to));
      from = to;
    }
  }

  private cut(): void {
    const text = this.lines.join('\n');
    if (this.fence) this.blocks.push({ kind: 'code', language: this.language, code: text });
    else if (text.trim()) this.blocks.push({ kind: 'markdown', text });
    this.lines = [];
    this.length = 0;
    this.fence = '';
    this.innerFence = '';
    this.inList = false;
    this.afterEmpty = false;
  }
}

/** A label as CommonMark compares it. */
function folded(label: string): string {
  return label.trim().replace(/\s+/g, ' ').toLowerCase().toUpperCase();
}

/** At most so many lists and quotations a line is in: by its markers, and two columns of indentation each. */
function depth(line: string): number {
  const nested = NESTED.exec(line)?.[0];
  if (nested === undefined) return 0;
  const indentation = nested.length - nested.trimStart().length;
  return indentation / 2 + (nested.match(MARKER)?.length ?? 0);
}

function closes(line: string, marker: string): boolean {
  const end = /^ {0,3}(`{3,}|~{3,})\s*$/.exec(line)?.[1];
  return end?.startsWith(marker) === true;
}
