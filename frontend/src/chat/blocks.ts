/** Cuts growing Markdown into blocks that never change again, so that only the last one is parsed anew for a token.
 *
 * A cut is made at an empty line, where the next line can only begin a block of its own (CommonMark 0.31): outside a
 * fence, and unless it is indented or goes on with a list, which both may belong to what came before.
 */

/** A paragraph without any empty line is cut after so many characters, at a space: parsing it whole for each token freezes. */
const LONGEST_PARAGRAPH = 8_000;

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const LIST_ITEM = /^ {0,3}([-*+]|\d{1,9}[.)])(\s|$)/;
const DEFINITION = /^ {0,3}\[[^\]]+\]: *\S/;

/** The blocks of a text, in order. Joined they hold every line of it; links defined in another block are repeated. */
export function splitBlocks(text: string): string[] {
  const blocks: string[] = [];
  const definitions: string[] = [];
  let lines: string[] = [];
  let length = 0;
  let fence = '';
  let inList = false;
  let emptyBefore = false;

  const cut = () => {
    if (lines.some((line) => line.trim())) blocks.push(lines.join('\n'));
    lines = [];
    length = 0;
  };
  for (const line of text.split('\n')) {
    const marker = FENCE.exec(line)?.[1];
    const empty = line.trim() === '';
    if (!fence && emptyBefore && !empty) {
      const item = LIST_ITEM.test(line);
      if (!/^\s/.test(line) && !(inList && item)) {
        cut();
        inList = false;
      }
    }
    if (!fence && !lines.length && LIST_ITEM.test(line)) inList = true;
    if (!fence && DEFINITION.test(line)) definitions.push(line);
    if (fence) {
      if (marker && line.trim() === marker && marker.startsWith(fence)) fence = '';
    } else if (marker) fence = marker;
    for (const piece of fence || line.length <= LONGEST_PARAGRAPH ? [line] : pieces(line)) {
      if (!fence && length > LONGEST_PARAGRAPH && !inList) cut();
      lines.push(piece);
      length += piece.length;
    }
    emptyBefore = empty;
  }
  cut();
  if (!definitions.length) return blocks;
  const known = definitions.join('\n');
  return blocks.map((block) =>
    block.includes('][') || block.includes(']') ? `${block}\n\n${known}` : block,
  );
}

function pieces(line: string): string[] {
  return (
    line.match(
      new RegExp(`[\\s\\S]{1,${LONGEST_PARAGRAPH}}(?=\\s|$)|[\\s\\S]{1,${LONGEST_PARAGRAPH}}`, 'g'),
    ) ?? []
  );
}
