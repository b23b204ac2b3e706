// The real ai@4 behind a pipe: one JSON request a line on stdin, one JSON answer a line on stdout.
import { createInterface } from 'node:readline';
import { createOpenAI } from '@ai-sdk/openai';
import { callChatApi, isAssistantMessageWithCompletedToolCalls, processDataStream } from '@ai-sdk/ui-utils';
import { convertToCoreMessages, generateText, jsonSchema, streamText, tool } from 'ai';
import { MockLanguageModelV1, simulateReadableStream } from 'ai/test';

const failure = (error) => ({ name: error.name, message: error.message });

function streamOf(chunks) {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new Uint8Array(Buffer.from(chunk, 'base64')));
      controller.close();
    },
  });
}

// Every part that processDataStream reports, in order, as [name, value].
async function parts({ chunks }) {
  const seen = [];
  const on = (name) => (value) => void seen.push([name, value]);
  try {
    await processDataStream({
      stream: streamOf(chunks),
      onTextPart: on('text'),
      onReasoningPart: on('reasoning'),
      onReasoningSignaturePart: on('reasoning_signature'),
      onRedactedReasoningPart: on('redacted_reasoning'),
      onSourcePart: on('source'),
      onFilePart: on('file'),
      onDataPart: on('data'),
      onErrorPart: on('error'),
      onToolCallStreamingStartPart: on('tool_call_streaming_start'),
      onToolCallDeltaPart: on('tool_call_delta'),
      onToolCallPart: on('tool_call'),
      onToolResultPart: on('tool_result'),
      onMessageAnnotationsPart: on('message_annotations'),
      onFinishMessagePart: on('finish_message'),
      onFinishStepPart: on('finish_step'),
      onStartStepPart: on('start_step'),
    });
    return { seen };
  } catch (error) {
    return { seen, error: failure(error) };
  }
}

// What useChat holds after a stream; `results` are what its onToolCall returns, by tool name.
async function chat({ chunks, status = 200, lastMessage, results = {} }) {
  const answer = { message: null, data: [], finish: null, error: null, updates: 0 };
  let requested = 0;
  try {
    await callChatApi({
      api: 'http://127.0.0.1/',
      body: { messages: [] },
      fetch: async () => new Response(streamOf(chunks), { status }),
      generateId: () => `generated-${requested++}`,
      restoreMessagesOnFailure() {},
      lastMessage,
      onToolCall: ({ toolCall }) => results[toolCall.toolName],
      onUpdate({ message, data }) {
        const { revisionId, createdAt, ...kept } = message;
        Object.assign(answer, { message: kept, data, updates: answer.updates + 1 });
      },
      onFinish(message, { usage, finishReason }) {
        answer.finish = { usage, finishReason };
      },
    });
  } catch (error) {
    answer.error = failure(error);
  }
  answer.continues = answer.message !== null && isAssistantMessageWithCompletedToolCalls(answer.message);
  return answer;
}

// The messages that the SDK would post to OpenAI for a client's messages.
async function openai({ messages }) {
  let posted;
  const reply = {
    id: 'x', created: 0, model: 'gpt-4o-mini',
    choices: [{ index: 0, message: { role: 'assistant', content: '' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 0, completion_tokens: 0 },
  };
  const provider = createOpenAI({
    apiKey: 'none',
    fetch: async (_url, { body }) => {
      posted = JSON.parse(body);
      return new Response(JSON.stringify(reply), { headers: { 'content-type': 'application/json' } });
    },
  });
  try {
    await generateText({ model: provider('gpt-4o-mini'), messages: convertToCoreMessages(messages), maxRetries: 0 });
    return { messages: posted.messages };
  } catch (error) {
    return { error: failure(error) };
  }
}

// The data stream that the SDK's own server writes for what a model streams.
async function serve({ stream, tools = [] }) {
  const any = jsonSchema({ type: 'object' });
  const result = streamText({
    model: new MockLanguageModelV1({
      doStream: async () => ({
        stream: simulateReadableStream({ chunks: stream, initialDelayInMs: null, chunkDelayInMs: null }),
        rawCall: { rawPrompt: null, rawSettings: {} },
      }),
    }),
    prompt: 'any',
    tools: Object.fromEntries(tools.map((name) => [name, tool({ parameters: any })])),
    toolCallStreaming: true,
    onError() {},
  });
  const response = result.toDataStreamResponse({ sendReasoning: true, sendSources: true });
  return { text: await response.text(), headers: Object.fromEntries(response.headers) };
}

const operations = { parts, chat, openai, serve };
for await (const line of createInterface({ input: process.stdin })) {
  const { operation, ...given } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await operations[operation](given))}\n`);
}
