/** On real HTTP: a server of this process writes, `watchingFetch` reads. */
import { EventEmitter } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type Arrival, cameWhole, watchingFetch } from './arrival.ts';
import { BrokenOffError, RefusedError, UnreachableError, WrongProtocolError } from './failure.ts';
import { DATA_STREAM, HEAD, joinTexts, UI_MESSAGE_STREAM, type Wire } from './wire.ts';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function read(
  wire: Wire,
  ...writes: (string | Uint8Array)[]
): Promise<{ text: string; arrival: Arrival }> {
  const url = await serve((_request, response) => {
    for (const piece of writes) response.write(piece);
    response.end();
  });
  let arrival: Arrival | undefined;
  const response = await watchingFetch(wire, (measured) => {
    arrival = measured;
  })(url);
  const text = await response.text();
  if (!arrival) throw new Error('nothing was measured');
  return { text, arrival };
}

const delta = (text: string) => `data: {"type":"text-delta","id":"1","delta":${JSON.stringify(text)}}\n\n`;
const DONE = 'data: [DONE]\n\n';

describe('what arrives is passed on, text that arrived together as one', () => {
  test('UI message stream', async () => {
    const stream = [': ping\n\n', 'data: {"type":"start"}\n\n', delta('grün '), delta('💚'), DONE];
    const { text, arrival } = await read(UI_MESSAGE_STREAM, ...stream);
    expect(text).toBe(stream.join(''));
    expect(arrival.pieces).toBe(2);
  });

  test('data stream, its heartbeat first', async () => {
    const stream = ['\n', 'f:{"messageId":"m"}\n', '0:"a"\n0:"b"\n', 'd:{"finishReason":"stop"}\n'];
    const { text, arrival } = await read(DATA_STREAM, ...stream);
    expect(text).toBe('\nf:{"messageId":"m"}\n0:"ab"\nd:{"finishReason":"stop"}\n');
    expect(arrival.pieces).toBe(2);
  });

  test('data stream, cut anywhere', async () => {
    const bytes = new TextEncoder().encode('f:{"messageId":"m"}\n0:"💚"\n0:"b"\nd:{}\n');
    const { text } = await read(DATA_STREAM, ...Array.from(bytes, (byte) => Uint8Array.of(byte)));
    expect(joinTexts(text)).toBe('f:{"messageId":"m"}\n0:"💚b"\nd:{}\n');
  });

  test('a last line without its newline', async () => {
    const stream = 'f:{"messageId":"m"}\n0:"a"\nd:{"finishReason":"stop"}';
    expect((await read(DATA_STREAM, stream)).text).toBe(stream);
  });

  test('a character cut in two', async () => {
    const bytes = new TextEncoder().encode(delta('💚') + DONE);
    const { text } = await read(UI_MESSAGE_STREAM, bytes.slice(0, 47), bytes.slice(47));
    expect(text).toContain('💚');
  });
});

describe('an answer without its end', () => {
  test.each([
    [UI_MESSAGE_STREAM, delta('text')],
    [UI_MESSAGE_STREAM, delta('data: [DONE]\n\ndata: [DONE]\n\n')],
    // Of which exactly the last thousand characters, those that are looked at, are as an end is.
    [UI_MESSAGE_STREAM, delta(`data: [DONE]${' '.repeat(1000 - 'data: [DONE]"}\n\n'.length)}`)],
    [UI_MESSAGE_STREAM, `${delta('text')}data: {"type":"data-x","data":"${'y'.repeat(2000)}data: [DONE]`],
    [DATA_STREAM, 'f:{"messageId":"m"}\n0:"d: is no end"\n'],
  ])('is an error after the text so far: $name', async (wire, sent) => {
    const url = await serve((_request, response) => response.end(sent));
    const response = await watchingFetch(wire, () => {})(url);
    await expect(response.text()).rejects.toThrow(BrokenOffError);
  });

  test.each([
    [UI_MESSAGE_STREAM, 'data: {"type":"error","errorText":"x"}\n\ndata: [DONE]\n\n'],
    [UI_MESSAGE_STREAM, 'data: {"type":"finish"}\r\n\r\ndata:[DONE]\r\n\r\n'],
    [DATA_STREAM, '0:"a"\n3:"x"\n'],
  ])('an error that is said is an end: $name', async (wire, sent) => {
    const { text } = await read(wire, sent);
    expect(text).toBe(sent);
  });
});

describe('an answer of the other protocol', () => {
  test.each([
    [UI_MESSAGE_STREAM, 'f:{"messageId":"m"}\n0:"a"\nd:{}\n'],
    [DATA_STREAM, DONE],
    [UI_MESSAGE_STREAM, '{"success": true}'],
    [UI_MESSAGE_STREAM, '{"error": ""}'],
    [DATA_STREAM, '{"error": "is not at its end"'],
    [DATA_STREAM, '["error"]'],
    [DATA_STREAM, '<!doctype html>'],
    [UI_MESSAGE_STREAM, '0:'],
  ])('is said, whatever useChat would make of it: $name', async (wire, sent) => {
    const url = await serve((_request, response) => response.end(sent));
    const response = await watchingFetch(wire, () => {})(url);
    await expect(response.text()).rejects.toThrow(WrongProtocolError);
  });

  test('is concluded behind heartbeats', async () => {
    const rest = new EventEmitter();
    const url = await serve((_request, response) => {
      response.write('\n'.repeat(HEAD));
      rest.once('due', () => response.end('<!doctype html>\nd:{}\n'));
    });
    const response = await watchingFetch(DATA_STREAM, () => {})(url);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect((await reader.read()).value).toHaveLength(HEAD);
    rest.emit('due');
    await expect(reader.read()).rejects.toThrow(WrongProtocolError);
  });

  test('is not concluded from a first read that is a part of a line', async () => {
    const url = await serve((_request, response) => {
      response.write('d');
      // The rest leaves when the first byte has been read, so that it is a read of its own.
      response.once('rest', () => response.end(`${DONE.slice(1)}`));
      proceed = () => response.emit('rest');
    });
    let proceed = () => {};
    const response = await watchingFetch(UI_MESSAGE_STREAM, () => {})(url);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const first = await reader.read();
    expect(new TextDecoder().decode(first.value)).toBe('d');
    proceed();
    expect((await reader.read()).done).toBe(false);
    expect((await reader.read()).done).toBe(true);
  });
});

describe('an error that came as a success', () => {
  const errors = [
    [
      "this backend's",
      '{"success": false, "error": "The model provider refused this service\'s credentials."}',
    ],
    ["a runtime's", '{"errorMessage":"No module named \'app\'","errorType":"Runtime.ImportModuleError"}'],
    ["API Gateway's", '{"message":"Internal server error"}'],
    ["Lambda's", ' {"Message":"Forbidden"}\n'],
  ] as const;
  test.each(
    [UI_MESSAGE_STREAM, DATA_STREAM].flatMap((wire) =>
      errors.map(([whose, body]) => ({ name: wire.name, wire, whose, body })),
    ),
  )('is refused with its body: $whose, $name', async ({ wire, body }) => {
    const url = await serve((_request, response) => response.end(body));
    const response = await watchingFetch(wire, () => {})(url);
    await expect(response.text()).rejects.toMatchObject({ name: 'RefusedError', status: 200, body });
  });

  test('and is read to its end, however it is cut', async () => {
    const body = '{"success": false, "error": "grün"}';
    const url = await serve(async (_request, response) => {
      for (const byte of new TextEncoder().encode(body)) {
        await new Promise<void>((resolve) => response.write(Uint8Array.of(byte), () => resolve()));
      }
      response.end();
    });
    const response = await watchingFetch(DATA_STREAM, () => {})(url);
    await expect(response.text()).rejects.toMatchObject({ name: 'RefusedError', body });
  });

  test('but an endless one is given up', async () => {
    const url = await serve((_request, response) => {
      response.write('{"error": "');
      response.write('x'.repeat(100_000));
    });
    const response = await watchingFetch(UI_MESSAGE_STREAM, () => {})(url);
    await expect(response.text()).rejects.toThrow(WrongProtocolError);
  });
});

test('of a foreign answer whole words are shown', async () => {
  const sent = `<!doctype html> ${'a sentence of some words, '.repeat(20)}`;
  const url = await serve((_request, response) => response.end(sent));
  const response = await watchingFetch(UI_MESSAGE_STREAM, () => {})(url);
  const error = await response.text().then(String, String);
  const shown = /begins with "(.*) …"\.$/.exec(error)?.[1] ?? 'nothing';
  expect(shown.length).toBeGreaterThan(100);
  expect(sent.startsWith(`${shown} `)).toBe(true);
});

test('a status that is no success is refused, with its body', async () => {
  const url = await serve((_request, response) =>
    response.writeHead(429).end('{"message":"Rate Exceeded."}'),
  );
  const refused = watchingFetch(UI_MESSAGE_STREAM, () => {})(url);
  await expect(refused).rejects.toThrow(RefusedError);
  await expect(refused).rejects.toMatchObject({ status: 429, body: '{"message":"Rate Exceeded."}' });
});

test('where nothing listens, it is unreachable', async () => {
  const url = await serve(() => {});
  const server = servers.pop();
  await new Promise((resolve) => server?.close(resolve));
  await expect(watchingFetch(UI_MESSAGE_STREAM, () => {})(url)).rejects.toThrow(UnreachableError);
});

test('what the reader stops stays an AbortError, which useChat takes for no error', async () => {
  const controller = new AbortController();
  const url = await serve((_request, response) => void response.write(delta('text')));
  const response = await watchingFetch(UI_MESSAGE_STREAM, () => {})(url, { signal: controller.signal });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  controller.abort();
  await expect(reader.read()).rejects.toMatchObject({ name: 'AbortError' });
  await expect(
    watchingFetch(UI_MESSAGE_STREAM, () => {})(url, { signal: controller.signal }),
  ).rejects.toMatchObject({ name: 'AbortError' });
});

test('how it came is told of one that the client leaves before its end', async () => {
  const url = await serve((_request, response) => void response.write(delta('text')));
  const arrivals: Arrival[] = [];
  const response = await watchingFetch(UI_MESSAGE_STREAM, (arrival) => arrivals.push(arrival))(url);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  expect(arrivals).toEqual([]);
  await reader.cancel();
  expect(arrivals).toMatchObject([{ reads: 1, pieces: 1 }]);
  expect(arrivals[0]?.waited).toBeGreaterThan(0);
});

test('of one without a byte there is nothing to tell', async () => {
  const url = await serve((_request, response) => response.end());
  const arrivals: Arrival[] = [];
  const response = await watchingFetch(UI_MESSAGE_STREAM, (arrival) => arrivals.push(arrival))(url);
  await expect(response.text()).rejects.toThrow(BrokenOffError);
  expect(arrivals).toEqual([]);
});

describe('an answer came whole', () => {
  const whole: Arrival = { waited: 3_000, lasted: 4, reads: 1, pieces: 80 };
  test.each<[string, Partial<Arrival>, boolean]>([
    ['a long wait, then one read of everything', {}, true],
    ['a large one in some reads', { reads: 12, pieces: 20_000, lasted: 90 }, true],
    ['a stream: read by read, as long as it took', { lasted: 2_800, reads: 80 }, false],
    ['a fast model: a long wait, then a read for each piece', { lasted: 40, reads: 60 }, false],
    ['too short to tell', { pieces: 5 }, false],
    ['an answer that was ready at once', { waited: 3, lasted: 3, pieces: 20_000, reads: 30 }, false],
  ])('%s', (_how, changed, expected) => {
    expect(cameWhole({ ...whole, ...changed })).toBe(expected);
  });
});
