/** The two protocols as far as the page must know them beside useChat: how an answer begins, and that it has ended.
 *
 * Facts:
 * - ai@7 reads nothing and throws nothing where a stream is no SSE (`parseJsonEventStream` drops such lines), and takes
 *   a clean end without `finish` for success (`processUIMessageStream`). `data: [DONE]` is the last event.
 * - ai@4 throws on a line without a colon or of an unknown code (`parseDataStreamPart`), and takes a clean end without
 *   `d:` for success with reason `unknown` (`processChatResponse`). `3:` is its error.
 * Hence the page looks by itself whether an answer is of its protocol and came to its end.
 */

/** Characters by which an answer's protocol is known. */
export const HEAD = 6;

export interface Wire {
  /** The protocol's name, for the reader. */
  name: string;
  /** What the first characters must look like, once there are `HEAD` of them or all. */
  begins: RegExp;
  /** What the last thousand characters must have. */
  ended: RegExp;
  /** How many pieces of the answer a text of it carries. */
  pieces(text: string): number;
}

export const UI_MESSAGE_STREAM: Wire = {
  name: 'UI message stream',
  begins: /^\s*(data:|:|event:|id:|retry:|$)/,
  ended: /data: ?\[DONE\]/,
  pieces: (text) => count(text, '"type":"text-delta"'),
};

export const DATA_STREAM: Wire = {
  name: 'data stream',
  begins: /^\s*([0-9a-k]:|$)/,
  ended: /(^|\n)[d3]:/,
  pieces: (text) => count(text, '\n0:'),
};

function count(text: string, piece: string): number {
  return text.split(piece).length - 1;
}
