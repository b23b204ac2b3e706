// Chat pages behind a pipe: React in a DOM, and in each page the real useChat of one version of the AI SDK.
// One JSON request a line on stdin, one JSON answer a line on stdout; see pages.py for what each answers.
// Run with --experimental-import-meta-resolve: each version is loaded from its own workspace, as a page there would.
import { createInterface } from 'node:readline';
import { Window } from 'happy-dom';

const window = new Window({ url: 'http://127.0.0.1/' });
globalThis.window = window;
for (const name of ['document', 'navigator', 'File', 'FileReader']) {
  Object.defineProperty(globalThis, name, { value: window[name], configurable: true, writable: true });
}

// As a browser has it; happy-dom's is an Array, which a page's never is.
class FileList {
  constructor(files) {
    Object.assign(this, files);
    Object.defineProperty(this, 'length', { value: files.length });
  }
  item(index) {
    return this[index] ?? null;
  }
  *[Symbol.iterator]() {
    for (let index = 0; index < this.length; index++) yield this[index];
  }
}
globalThis.FileList = FileList;
globalThis.AI_SDK_LOG_WARNINGS = false;
console.log = console.info = console.debug = console.warn;

const { createElement } = await import('react');
const { createRoot } = await import('react-dom/client');

const failure = (error) => ({ name: error?.name ?? null, message: (error?.message ?? String(error)).slice(0, 1000) });
const uncaught = [];
process.on('unhandledRejection', (error) => void uncaught.push(failure(error)));

const loaded = new Map();
async function client(version) {
  if (!loaded.has(version)) {
    const folder = version.startsWith('4.') ? './package.json' : `./versions/${version}/package.json`;
    const page = new URL(folder, import.meta.url).href;
    const load = (name) => import(import.meta.resolve(name, page));
    const [sdk, react] = await Promise.all(['ai', '@ai-sdk/react'].map(load));
    loaded.set(version, { ...sdk, ...react });
  }
  return loaded.get(version);
}

// Records what a page posts, and knows when nothing is under way.
function recorder(page) {
  return async (address, { method = 'GET', headers = {}, body, signal, ...rest } = {}) => {
    const { pathname, search } = new URL(address);
    const request = { method, path: pathname + search, headers: Object.fromEntries(new Headers(headers)), status: null };
    request.body = body === undefined ? null : JSON.parse(body);
    page.requests.push(request);
    page.changed();
    const response = await fetch(address, { method, headers, body, signal, ...rest });
    request.status = response.status;
    page.changed();
    return response;
  };
}

function options4(page, { api, id, body, headers, messages, results, maxSteps, text }) {
  return {
    api, id, body, headers, maxSteps,
    initialMessages: messages,
    streamProtocol: text ? 'text' : 'data',
    fetch: recorder(page),
    onToolCall({ toolCall }) {
      page.calls.push(toolCall);
      return results[toolCall.toolName];
    },
    onFinish: (message, how) => void page.finished.push(how),
    onError: (error) => void page.errors.push(failure(error)),
  };
}

async function options5(page, sdk, { api, id, body, headers, messages, results, automatic, text }) {
  const Transport = text ? sdk.TextStreamChatTransport : sdk.DefaultChatTransport;
  const rules = await Promise.all(
    automatic.map(async (name) =>
      name.endsWith('.mjs') ? (await import(new URL(name, import.meta.url))).sendAutomaticallyWhen : sdk[name],
    ),
  );
  return {
    id, messages,
    transport: new Transport({ api, body, headers, fetch: recorder(page) }),
    ...(rules.length && { sendAutomaticallyWhen: (chat) => rules.some((rule) => rule(chat)) }),
    onToolCall({ toolCall: { toolName, toolCallId, ...call } }) {
      page.calls.push({ toolName, toolCallId, ...call });
      // Not awaited, as the SDK's documentation asks: it would wait for itself.
      if (toolName in results) page.addToolOutput({ tool: toolName, toolCallId, output: results[toolName] });
    },
    onData: (part) => void page.data.push(part),
    onFinish: ({ message, messages: all, ...how }) => void page.finished.push(how),
    onError: (error) => void page.errors.push(failure(error)),
  };
}

const textOf = (message) =>
  message.parts.filter(({ type }) => type === 'text').map(({ text }) => text).join('');

const pages = new Map();

// A page with one chat; it shows the text of every message in an article.
async function open({ version, results = {}, automatic = [], ...given }) {
  const sdk = await client(version);
  const page = { version, requests: [], calls: [], data: [], finished: [], errors: [], rejected: [], busy: 0, waiting: new Set() };
  page.changed = () => [...page.waiting].forEach((check) => check());
  page.addToolOutput = (output) => (page.hook.addToolOutput ?? page.hook.addToolResult)(output);
  const options = version.startsWith('4.')
    ? options4(page, { results, ...given })
    : await options5(page, sdk, { results, automatic, ...given });
  function Page() {
    page.hook = sdk.useChat(options);
    const { messages, status, error } = page.hook;
    return createElement('main', { 'data-status': status },
      ...messages.map((message) => createElement('article', { key: message.id, 'data-role': message.role }, textOf(message))),
      error && createElement('p', { role: 'alert' }, error.message));
  }
  page.element = document.body.appendChild(document.createElement('div'));
  page.root = createRoot(page.element);
  new window.MutationObserver(() => page.changed()).observe(page.element, { subtree: true, childList: true, characterData: true, attributes: true });
  page.root.render(createElement(Page));
  const number = pages.size;
  pages.set(number, page);
  await until({ page: number, status: 'ready' });
  return { page: number };
}

// Values that JSON cannot say: {"$files": […]}.
function revived(value) {
  if (Array.isArray(value)) return value.map(revived);
  if (value === null || typeof value !== 'object') return value;
  if ('$files' in value) {
    return new FileList(value.$files.map(({ name, type, data }) => new File([Buffer.from(data, 'base64')], name, { type })));
  }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, revived(inner)]));
}

// Calls a function of the hook; it may go on after the answer.
function call({ page: number, name, given }) {
  const page = pages.get(number);
  page.busy += 1;
  const done = () => {
    page.busy -= 1;
    page.changed();
  };
  Promise.resolve(page.hook[name](...revived(given))).then(done, (error) => {
    page.rejected.push(failure(error));
    done();
  });
  return {};
}

// Renders a component that a page of the documentation shows, asks through its form, and reads what it shows.
async function component({ file, api, ask, before }) {
  const { Chat } = await import(new URL(file, import.meta.url));
  const element = document.body.appendChild(document.createElement('div'));
  const root = createRoot(element);
  const shown = (ready) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`it shows ${element.innerHTML}`)), 20_000);
      const check = () => {
        if (!ready()) return;
        observer.disconnect();
        clearTimeout(timer);
        resolve();
      };
      const observer = new window.MutationObserver(check);
      observer.observe(element, { subtree: true, childList: true, characterData: true, attributes: true });
      check();
    });
  const button = () => element.querySelector('form button')?.textContent;
  const realFetch = globalThis.fetch;
  // The component asks its own origin, as in a browser behind a proxy.
  globalThis.fetch = (address, options) => realFetch(new URL(address, api), options);
  try {
    root.render(createElement(Chat));
    await shown(() => button() === 'Send');
    const input = element.querySelector('input');
    const submit = async (text) => {
      Object.getOwnPropertyDescriptor(window.HTMLInputElement.prototype, 'value').set.call(input, text);
      input.dispatchEvent(new window.Event('input', { bubbles: true }));
      await shown(() => input.value === text);
      element.querySelector('form').dispatchEvent(new window.Event('submit', { bubbles: true, cancelable: true }));
    };
    if (before !== null) await submit(before);
    await submit(ask);
    await shown(() => button() === 'Stop');
    await shown(() => button() === 'Send');
    const read = (selector) => [...element.querySelectorAll(selector)].map(({ textContent }) => textContent);
    return { articles: read('article'), alerts: read('[role=alert]') };
  } finally {
    globalThis.fetch = realFetch;
    root.unmount();
    element.remove();
  }
}

const turn = () => new Promise(setImmediate);

// Waits until all that is asked for holds; `idle`: nothing is under way, nor begun in the turns that follow.
async function until({ page: number, status, shows, requests, answered, idle }) {
  const page = pages.get(number);
  const shown = () => page.element.textContent;
  const holds = () =>
    page.hook !== undefined &&
    (status === undefined || (page.hook.status === status && page.element.firstChild?.dataset.status === status)) &&
    (shows === undefined || shown().includes(shows)) &&
    (requests === undefined || page.requests.length >= requests) &&
    (!answered || page.requests.every((request) => request.status !== null)) &&
    (!idle || (page.busy === 0 && ['ready', 'error'].includes(page.hook.status)));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    page.changed();
  }, 20_000);
  for (;;) {
    while (!holds() && !late) await new Promise((resolve) => {
      const check = () => {
        page.waiting.delete(check);
        resolve();
      };
      page.waiting.add(check);
    });
    const posted = page.requests.length;
    for (let turns = 0; idle && turns < 100; turns++) await turn();
    if (late || (holds() && posted === page.requests.length)) break;
  }
  clearTimeout(timer);
  return late ? { late: true, ...held({ page: number }) } : held({ page: number });
}

function held({ page: number }) {
  const { hook, requests, calls, data, finished, errors, rejected, element } = pages.get(number);
  return {
    messages: hook.messages, status: hook.status, error: hook.error ? failure(hook.error) : null,
    requests, calls, data: hook.data ?? data, finished, errors, rejected, uncaught: [...uncaught],
    shown: [...element.querySelectorAll('article')].map(({ textContent }) => textContent),
    alert: element.querySelector('[role=alert]')?.textContent ?? null,
  };
}

function close({ page: number }) {
  const { root, element } = pages.get(number);
  root.unmount();
  element.remove();
  uncaught.length = 0;
  return {};
}

const operations = { open, call, until, held, close, component };
for await (const line of createInterface({ input: process.stdin })) {
  const { operation, ...asked } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await operations[operation](asked))}\n`);
}
process.exit(0);
