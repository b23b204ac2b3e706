/** The two protocols as far as the page must know them beside useChat: how an answer begins, and that it has ended.
 *
 * Facts:
 * - ai@7 reads nothing and throws nothing where a stream is no SSE (`parseJsonEventStream` drops such lines), and takes
 *   a clean end without `finish` for success (`processUIMessageStream`). `data: [DONE]` is the last event, and a line of its
 *   own: a delta may have these words in its text.
 * - ai@4 throws on a line without a colon or of an unknown code (`parseDataStreamPart`), and takes a clean end without
 *   `d:` for success with reason `unknown` (`processChatResponse`). `3:` is its error.
 * - ai@4 copies the whole message and SWR hashes it for every line (`callChatApi`, `mutate`): 1 MB in 20,000 lines took a
 *   page 140 s, during which nothing else happened. Lines that arrived in one read lose nothing by being one.
 * Hence the page looks by itself whether an answer is of its protocol and came to its end.
 */

/** Joins the text of neighbouring lines of a data stream: `0:"a"`, `0:"b"` become `0:"ab"`.
 *
 * @param lines whole lines, each with its newline.
 */
export function joinTexts(lines: string): string {
  const joined: string[] = [];
  let open = false;
  for (const line of lines.split('\n').slice(0, -1)) {
    const isText = line.startsWith('0:"') && line.endsWith('"') && line.length > '0:"'.length;
    if (isText && open) joined.push(line.slice('0:"'.length, -1));
    else {
      if (open) joined.push('"\n');
      joined.push(isText ? line.slice(0, -1) : `${line}\n`);
    }
    open = isText;
  }
  if (open) joined.push('"\n');
  return joined.join('');
}

/** Characters by which an answer's protocol is known. */
export const HEAD = 6;

export interface Wire {
  /** The protocol's name, for the reader. */
  name: string;
  /** What the first characters must look like, once there are `HEAD` of them or all. */
  begins: RegExp;
  /** What the last thousand characters must have: a line, since an answer's text may have the same words. */
  ended: RegExp;
  /** How many pieces of the answer a text of it carries. */
  pieces(text: string): number;
  /** Makes whole lines that arrived together fewer, saying the same; absent where the client does not need it. */
  join?: (lines: string) => string;
}

export const UI_MESSAGE_STREAM: Wire = {
  name: 'UI message stream',
  begins: /^\s*(data:|:|event:|id:|retry:|$)/,
  ended: /[\r\n]data: ?\[DONE\](?=[\r\n]|$)/,
  pieces: (text) => count(text, '"type":"text-delta"'),
};

export const DATA_STREAM: Wire = {
  name: 'data stream',
  begins: /^\s*([0-9a-k]:|$)/,
  ended: /\n[d3]:/,
  pieces: (text) => count(text, '\n0:'),
  join: joinTexts,
};

function count(text: string, piece: string): number {
  return text.split(piece).length - 1;
}
