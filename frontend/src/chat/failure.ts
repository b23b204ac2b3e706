/** Whatever goes wrong with a request, as a sentence for the reader and what to do about it. */

/** No answer at all: nothing listens, the name is unknown, or the browser forbids it (CORS). */
export class UnreachableError extends Error {
  override name = 'UnreachableError';
}

/** An answer that is an error, by its status or by what alone its body says (`tellsFailure`). */
export class RefusedError extends Error {
  override name = 'RefusedError';
  constructor(
    readonly status: number,
    readonly body: string,
  ) {
    super(`${status}: ${body}`);
  }
}

/** The answer ended before its end was said, or the connection broke. */
export class BrokenOffError extends Error {
  override name = 'BrokenOffError';
}

/** The endpoint speaks, but not what this page reads. */
export class WrongProtocolError extends Error {
  override name = 'WrongProtocolError';
}

export interface Failure {
  /** What happened. */
  said: string;
  /** What the reader can do; empty where what happened says it. */
  advice: string;
}

/** Explain an error of useChat.
 *
 * @param error what useChat holds.
 * @param api the address that was posted to; of another origin than `origin`, CORS may be the cause.
 */
export function explain(error: Error, api: string, origin: string): Failure {
  if (error instanceof UnreachableError) return unreachable(api, origin);
  if (error instanceof RefusedError) return refused(error);
  if (error instanceof WrongProtocolError) return { said: error.message, advice: '' };
  // A TypeError while a body is read is the browser's word for a connection that broke.
  if (error instanceof BrokenOffError || error instanceof TypeError) {
    return {
      said: 'The answer broke off before its end.',
      advice: 'What arrived is kept. Try again for a whole one.',
    };
  }
  return { said: error.message || 'Something went wrong.', advice: '' };
}

function unreachable(api: string, origin: string): Failure {
  const url = new URL(api, origin);
  if (url.origin === origin) {
    return {
      said: 'The server of this page does not answer.',
      advice: 'Check your connection and that it is running.',
    };
  }
  return {
    said: `${url.host} cannot be reached from this page.`,
    advice: `Check that it is running, and that it allows the origin ${origin} (corsAllowOrigins of the stack).`,
  };
}

function refused({ status, body }: RefusedError): Failure {
  const said = sentenceIn(body);
  switch (status) {
    case 403:
      return {
        said: said ?? 'The endpoint refused the request (403).',
        advice:
          'A Function URL says so where the caller may not invoke it: check its auth type and permissions.',
      };
    case 404:
      return {
        said: said ?? 'Nothing answers at the endpoint’s address (404).',
        advice: 'Check LAMBDA_ENDPOINT.',
      };
    case 413:
      return {
        said: said ?? 'The conversation is too large for the endpoint (413).',
        advice: 'Send smaller files, or begin a new chat.',
      };
    case 429:
      return {
        said: said ?? 'Too many answers are being made at once (429).',
        advice: 'Wait a moment and try again.',
      };
    case 502:
      return {
        said: said ?? 'The function failed before it could answer (502).',
        advice: said ? '' : 'Its log says why.',
      };
    case 503:
    case 504:
      return {
        said: said ?? `The endpoint is not available (${status}).`,
        advice: 'Wait a moment and try again.',
      };
    default:
      return { said: said ?? `The endpoint answered with status ${status}.`, advice: '' };
  }
}

/** What a Function URL says of every failure of the function: no more than the status. */
const SAYS_NOTHING = 'Internal Server Error';

/** The sentence in an error's body: one of an object (`sentenceOf`), or short plain text. */
function sentenceIn(body: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    const text = body.trim();
    return text && text !== SAYS_NOTHING && text.length <= 300 && !text.startsWith('<') ? text : undefined;
  }
  return typeof value === 'string' ? value || undefined : sentenceOf(value);
}

/** Whether a body that came with a success is an error all the same: one JSON object that holds its sentence.
 *
 * A direct invocation answers so, whatever went wrong: its status says that Lambda took the event, and no more (AWS API
 * reference, "Invoke"). So does the runtime interface emulator, but for an init that failed: that is 502.
 */
export function tellsFailure(body: string): boolean {
  try {
    return sentenceOf(JSON.parse(body)) !== undefined;
  } catch {
    return false;
  }
}

/** This backend's `error`, AWS's `message` or `Message`, a runtime's `errorMessage`. */
function sentenceOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { error, message, Message, errorMessage } = value as Record<string, unknown>;
  for (const said of [error, message, Message, errorMessage]) {
    if (typeof said === 'string' && said) return said;
    if (typeof said === 'object' && said !== null && 'message' in said && typeof said.message === 'string') {
      return said.message || undefined;
    }
  }
  return undefined;
}
