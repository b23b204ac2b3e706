/** End to end in Chromium: `make e2e`. Every process here is a real one; only the model is a stand-in. */
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import process from 'node:process';
import { defineConfig, type PlaywrightTestConfig } from '@playwright/test';

const CHROMIUM = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

// What a developer's shell sets for the real model, endpoint or stack must not reach these processes.
const OWN = new Set(['STACK', 'CORS_ORIGIN', 'LAMBDA_ENDPOINT', 'PORT', 'PAGE_PORT', 'MESSAGE']);
for (const name of Object.keys(process.env)) {
  if (/^(OPENAI_|CHAT_|STAND_IN_|AWS_LAMBDA_)|_(API_KEY|API_BASE|BASE_URL)$/.test(name) || OWN.has(name)) {
    delete process.env[name];
  }
}

// The workers read this file as well: they find the ports that the first reader chose.
const emulator = await port('E2E_EMULATOR_PORT');
const page = await port('E2E_PAGE_PORT');
const built = await port('E2E_BUILT_PORT');
const broken = await port('E2E_BROKEN_PORT');
const rie = await port('E2E_RIE_PORT');
const riePage = await port('E2E_RIE_PAGE_PORT');
// AWS's emulator is a Linux program.
const hasRie = process.platform === 'linux';

const python = '.venv/bin/python -m';
const gracefulShutdown = { signal: 'SIGTERM', timeout: 5000 } as const;
const modules = { PYTHONPATH: 'lambda:.' };

type TestConfigWebServer = Extract<PlaywrightTestConfig['webServer'], readonly unknown[]>[number];

export default defineConfig({
  testDir: 'e2e',
  testIgnore: hasRie ? [] : '**/rie.spec.ts',
  outputDir: 'test-results',
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  workers: 2,
  timeout: 30_000,
  expect: { timeout: 10_000 },
  reporter: [['list'], ['json', { outputFile: 'test-results/report.json' }]],
  use: {
    baseURL: `http://localhost:${page}`,
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: chromium(),
      args: [
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  webServer: [
    {
      // All that `make dev` is, with a stand-in that is in more of a hurry.
      name: 'dev',
      command: `${python} emulator.dev`,
      cwd: '..',
      env: {
        ...modules,
        PORT: `${emulator}`,
        PAGE_PORT: `${page}`,
        STAND_IN_DELAY_MS: '10',
        CHAT_FIRST_TOKEN_TIMEOUT: '3',
      },
      wait: { stdout: /Ctrl-C stops everything/ },
      stderr: 'ignore',
      timeout: 120_000,
      gracefulShutdown,
    },
    {
      // The page as a static host serves it, calling the Function URL from another origin.
      name: 'built',
      command: `node_modules/.bin/vite build --outDir ${outDir()} --logLevel warn && node_modules/.bin/vite preview --outDir ${outDir()} --port ${built}`,
      env: { LAMBDA_ENDPOINT: `http://127.0.0.1:${emulator}/` },
      url: `http://127.0.0.1:${built}/`,
      timeout: 120_000,
      gracefulShutdown,
    },
    {
      // A function that fails at its import.
      name: 'broken',
      command: `${python} emulator --port ${broken}`,
      cwd: '..',
      env: { ...modules, OPENAI_API_KEY: 'any', CHAT_MAX_MESSAGES: 'many' },
      wait: { stdout: /Function URL/ },
      stderr: 'ignore',
      gracefulShutdown,
    },
    ...(hasRie ? underRie() : []),
  ],
});

/** The function under AWS's own emulator, and `make dev` with that as its endpoint. */
function underRie(): TestConfigWebServer[] {
  return [
    {
      name: 'rie',
      command: `${python} scripts.with_stand_in_model bash scripts/rie_function.sh ${rie} chat.app.streaming_handler`,
      cwd: '..',
      env: modules,
      port: rie,
      stderr: 'ignore',
      timeout: 120_000,
      gracefulShutdown,
    },
    {
      name: 'rie-page',
      command: `${python} emulator.dev`,
      cwd: '..',
      env: {
        ...modules,
        LAMBDA_ENDPOINT: `http://127.0.0.1:${rie}/2015-03-31/functions/function/invocations`,
        PAGE_PORT: `${riePage}`,
      },
      wait: { stdout: /Ctrl-C stops everything/ },
      stderr: 'ignore',
      timeout: 120_000,
      gracefulShutdown,
    },
  ];
}

function outDir(): string {
  return 'node_modules/.cache/e2e-page';
}

function chromium(): string {
  const chosen = process.env.CHROMIUM?.trim();
  const found = chosen ? [chosen].find(existsSync) : CHROMIUM.find(existsSync);
  if (found) return found;
  throw new Error(
    chosen
      ? `CHROMIUM is ${chosen}, and nothing is there; give the path of a Chromium or Chrome.`
      : 'The end-to-end tests need Chromium (Debian: apt-get install chromium), or CHROMIUM=/path/of/one make e2e.',
  );
}

/** The port of that variable, or a free one, kept in it. */
async function port(name: string): Promise<number> {
  const known = process.env[name];
  if (known) return Number(known);
  const found = await new Promise<number>((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
  process.env[name] = `${found}`;
  return found;
}
