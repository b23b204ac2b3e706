/** A fetch that watches an answer arrive: whether it streamed, whether it is of the right protocol, and came to its end. */
import {
  BrokenOffError,
  RefusedError,
  tellsFailure,
  UnreachableError,
  WrongProtocolError,
} from './failure.ts';
import { HEAD, type Wire } from './wire.ts';

/** How an answer came, measured where its body is read. */
export interface Arrival {
  /** Milliseconds from the request to the first bytes of the body. */
  waited: number;
  /** Milliseconds from the first bytes to the last. */
  lasted: number;
  /** How many reads the body took. */
  reads: number;
  /** Pieces of text in it. */
  pieces: number;
}

/** An answer needs so many pieces to tell: a shorter one comes at once also where nothing buffers. */
const ENOUGH_PIECES = 12;
/** All reads within so many milliseconds are one delivery; a large one takes a part of the time waited for it. */
const AT_ONCE = 50;
const SHARE_OF_WAIT = 0.05;
/** A read of a stream carries a piece or a few. */
const PIECES_PER_READ = 6;
const TAIL = 1000;
/** An error that is one JSON object is read to its end, as far as so many characters. */
const LONGEST_ERROR = 64 * 1024;
/** How much of a foreign answer is shown. */
const SHOWN = 160;

/** Whether something on the way held the answer back until it was whole. */
export function cameWhole({ waited, lasted, reads, pieces }: Arrival): boolean {
  return (
    pieces >= ENOUGH_PIECES &&
    lasted <= Math.max(AT_ONCE, waited * SHARE_OF_WAIT) &&
    lasted < waited &&
    pieces >= reads * PIECES_PER_READ
  );
}

/** A fetch for useChat.
 *
 * The response is passed on byte for byte, or line for line where the wire joins lines. It rejects with
 * `UnreachableError` or `RefusedError`; reading the body fails with `RefusedError` (an error that came with a success),
 * `WrongProtocolError` or `BrokenOffError`, which useChat turns into its error state.
 */
export function watchingFetch(wire: Wire, onArrival: (arrival: Arrival) => void): typeof fetch {
  return async (input, init) => {
    const asked = performance.now();
    let response: Response;
    try {
      response = await fetch(input, init);
    } catch (error) {
      if (init?.signal?.aborted) throw error;
      throw new UnreachableError('The endpoint cannot be reached.', { cause: error });
    }
    if (!response.ok) throw new RefusedError(response.status, await response.text());
    if (!response.body) return response;
    const watched = watch(response.body.getReader(), wire, response.status, asked, onArrival);
    return new Response(watched, { status: response.status, headers: response.headers });
  };
}

/** What `reader` gives, watched. The arrival is told however the body ends, the last word counts: ai@7 cancels it at an `error` part. */
function watch(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  wire: Wire,
  status: number,
  asked: number,
  onArrival: (arrival: Arrival) => void,
): ReadableStream<Uint8Array> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let first = 0;
  let last = 0;
  let reads = 0;
  let pieces = 0;
  let head = '';
  // As if a line had ended before the first: an answer may be its end alone.
  let tail = '\n';
  let line = '';
  let foreign = false;

  /** The bytes to hand on of those that arrived; none of a line that is cut where lines are joined, nor of a foreign answer. */
  function pass(bytes: Uint8Array): Uint8Array | undefined {
    last = performance.now();
    const text = decoder.decode(bytes, { stream: true });
    if (reads === 0) first = last;
    reads += 1;
    if (head.trimStart().length < HEAD || foreign) head += text;
    foreign = head.trimStart().length >= HEAD && !wire.begins.test(head);
    if (foreign) {
      // An error may come in parts; useChat could read none of it.
      const maybeError = head.trimStart().startsWith('{') && head.length <= LONGEST_ERROR;
      if (!maybeError) throw wrong(wire, status, head);
      return undefined;
    }
    pieces += wire.pieces(text);
    tail = (tail + text).slice(-TAIL);
    if (!wire.join) return bytes;
    const end = text.lastIndexOf('\n') + 1;
    const whole = end ? wire.join(line + text.slice(0, end)) : '';
    line = end ? text.slice(end) : line + text;
    return whole ? encoder.encode(whole) : undefined;
  }
  function tell() {
    if (reads) onArrival({ waited: first - asked, lasted: last - first, reads, pieces });
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          for (;;) {
            const { done, value } = await reader.read();
            const passed = done ? undefined : pass(value);
            if (passed) {
              controller.enqueue(passed);
              // ai@4 reads nothing that comes after an error.
              if (wire.ended.test(tail)) tell();
              return;
            }
            if (!done) continue;
            if (line) controller.enqueue(encoder.encode(line));
            if (!wire.begins.test(head)) throw wrong(wire, status, head);
            if (!wire.ended.test(tail)) throw new BrokenOffError('The stream has no end.');
            controller.close();
            break;
          }
          tell();
        } catch (error) {
          tell();
          // What is still to come of a stream that nobody reads would hold its connection.
          reader.cancel().catch(() => {});
          throw error;
        }
      },
      cancel(reason) {
        tell();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** What an answer is that does not begin as one of the wire. */
function wrong(wire: Wire, status: number, text: string): RefusedError | WrongProtocolError {
  if (tellsFailure(text)) return new RefusedError(status, text);
  return new WrongProtocolError(
    `This page reads the ${wire.name}, but the endpoint’s answer begins with ${JSON.stringify(beginOf(text))}.`,
  );
}

/** The first words, as many as are shown; a word longer than that is cut. */
function beginOf(text: string): string {
  const begin = text.trim();
  if (begin.length <= SHOWN) return begin;
  const space = begin.slice(0, SHOWN).search(/\s\S*$/);
  return `${begin.slice(0, space > 0 ? space : SHOWN)} …`;
}
