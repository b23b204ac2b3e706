// The real ai@5, 6 and 7 behind a pipe: one JSON request a line on stdin, one JSON answer a line on stdout.
// Run with --experimental-import-meta-resolve: each version is loaded from its own workspace, as a page there would.
import { createInterface } from 'node:readline';

// The SDK's own warnings would otherwise be written between the answers.
globalThis.AI_SDK_LOG_WARNINGS = false;
console.log = console.info = console.debug = console.warn;

// No test reaches past this machine: 5.0.0 downloads attachments with this, later ones with `download` below.
const realFetch = globalThis.fetch;
globalThis.fetch = async (address, options) => {
  const { protocol, hostname } = new URL(address);
  if (protocol !== 'data:' && hostname !== '127.0.0.1') throw new Error(`the SDK would download ${address}`);
  return realFetch(address, options);
};

// A schema's refusal of one chunk runs to 50 kB; its beginning says which chunk and which error.
const failure = (error) => ({
  name: error?.name ?? null,
  message: (error?.message ?? String(error)).slice(0, 1000),
});

// What a page would report as an uncaught error.
const uncaught = [];
process.on('unhandledRejection', (error) => void uncaught.push(failure(error)));

const loaded = new Map();
async function client(version) {
  if (!loaded.has(version)) {
    const page = new URL(`versions/${version}/package.json`, import.meta.url).href;
    const load = (name) => import(import.meta.resolve(name, page));
    const [sdk, react, openai] = await Promise.all(['ai', '@ai-sdk/react', '@ai-sdk/openai'].map(load));
    loaded.set(version, { ...sdk, ...react, ...openai });
  }
  return loaded.get(version);
}

function streamOf(chunks) {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new Uint8Array(Buffer.from(chunk, 'base64')));
      controller.close();
    },
  });
}

// A new one for each chat: ids are the same in every run.
function ids() {
  let made = 0;
  return () => `client-${made++}`;
}

const question = () => ({ id: 'question', role: 'user', parts: [{ type: 'text', text: 'Hello' }] });

// What the Chat below useChat holds after one stream.
async function read(version, { chunks, text, messages = [question()], results = {}, status = 200 }) {
  const { Chat, DefaultChatTransport, TextStreamChatTransport, lastAssistantMessageIsCompleteWithToolCalls,
    lastAssistantMessageIsCompleteWithApprovalResponses: approvalsComplete } = await client(version);
  const Transport = text ? TextStreamChatTransport : DefaultChatTransport;
  const held = { data: [], calls: [], finish: null, updates: 0, posted: null };
  const chat = new Chat({
    id: 'chat',
    generateId: ids(),
    messages,
    transport: new Transport({
      api: 'http://127.0.0.1/',
      fetch: async (_url, { body }) => {
        held.posted = JSON.parse(body);
        return new Response(streamOf(chunks), { status });
      },
    }),
    onData: (part) => void held.data.push(part),
    // Not awaited, as the SDK's documentation asks: it would wait for itself.
    onToolCall({ toolCall }) {
      held.calls.push(toolCall);
      if (!(toolCall.toolName in results)) return;
      const output = { tool: toolCall.toolName, toolCallId: toolCall.toolCallId, output: results[toolCall.toolName] };
      (chat.addToolOutput ?? chat.addToolResult)(output);
    },
    onFinish: ({ message, messages: all, ...how }) => void (held.finish = how),
  });
  chat['~registerMessagesCallback'](() => void held.updates++);
  await chat.sendMessage();
  await new Promise(setImmediate); // where unhandled rejections are told
  return {
    ...held,
    uncaught: uncaught.splice(0),
    messages: chat.messages,
    status: chat.status,
    error: chat.error === undefined ? null : failure(chat.error),
    sends_again: {
      tools: lastAssistantMessageIsCompleteWithToolCalls({ messages: chat.messages }),
      approvals: approvalsComplete === undefined ? null : approvalsComplete({ messages: chat.messages }),
    },
  };
}

const completion = {
  id: 'x', object: 'chat.completion', created: 0, model: 'gpt-4o-mini',
  choices: [{ index: 0, message: { role: 'assistant', content: '' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
};

// The messages that the SDK's server side would post to OpenAI's chat completions for a page's messages.
async function openai(version, messages) {
  const { convertToModelMessages, createOpenAI, generateText } = await client(version);
  let posted;
  const provider = createOpenAI({
    apiKey: 'none',
    fetch: async (_url, { body }) => {
      posted = JSON.parse(body);
      return new Response(JSON.stringify(completion), { headers: { 'content-type': 'application/json' } });
    },
  });
  try {
    await generateText({
      model: provider.chat('gpt-4o-mini'),
      messages: await convertToModelMessages(messages),
      maxRetries: 0,
      allowSystemInMessages: true,
      experimental_download: async (files) =>
        Promise.all(files.map(async ({ url, isUrlSupportedByModel }) => {
          if (isUrlSupportedByModel) return null;
          const file = await fetch(url); // 6.0.0 has data URLs downloaded, too
          return { data: new Uint8Array(await file.arrayBuffer()), mediaType: file.headers.get('content-type') };
        })),
    });
    return { messages: posted.messages };
  } catch (error) {
    return { error: failure(error) };
  }
}

const each = (operation) => async ({ versions, given }) => {
  const answers = {};
  for (const version of versions) {
    answers[version] = [];
    for (const one of given) answers[version].push(await operation(version, one));
  }
  return answers;
};

const operations = { read: each(read), openai: each(openai) };
for await (const line of createInterface({ input: process.stdin })) {
  const { operation, ...asked } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await operations[operation](asked))}\n`);
}
