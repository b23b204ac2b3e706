/** The built page, served by another server than the one it asks: what CORS allows and what it does not. */
import process from 'node:process';
import type { Page } from '@playwright/test';
import { expect, growthOf, noteGrowth, PAGES, test } from './chat.ts';

const SERVER = `http://127.0.0.1:${process.env.E2E_BUILT_PORT}`;
const ENDPOINT = `http://127.0.0.1:${process.env.E2E_EMULATOR_PORT}/`;
/** One of corsAllowOrigins in Pulumi.dev.yaml, which `make dev` takes its settings from. */
const ALLOWED = 'http://localhost:3000';

/** Serve the built page under an origin, whose port another process may well have: only the files are fetched. */
async function serveUnder(page: Page, origin: string): Promise<void> {
  await page.route(`${origin}/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    await route.fulfill({ response: await route.fetch({ url: SERVER + pathname }) });
  });
}

for (const { name, path } of PAGES) {
  test.describe(name, () => {
    test('a page of an allowed origin streams from the Function URL itself', async ({ chat, page }) => {
      await serveUnder(page, ALLOWED);
      await noteGrowth(page);
      const posts = chat.posts();
      await chat.open(ALLOWED + path);
      await chat.ask('Hello');
      await expect(chat.answer).toContainText('You wrote: “Hello”');
      expect(posts.map(({ url }) => url)).toEqual([ENDPOINT]);
      const { growth } = await growthOf(page);
      expect(growth.length).toBeGreaterThanOrEqual(10);
      // A failure before the first byte has its sentence too: its answer carries the origin as well.
      await chat.send('/error-401');
      await expect(chat.alert).toContainText("The model provider refused this service's credentials.");
    });

    test('a page of any other origin says what is missing', async ({ chat }) => {
      await chat.open(SERVER + path);
      await chat.send('Hello');
      await expect(chat.alert).toContainText(
        `it allows the origin ${SERVER} (corsAllowOrigins of the stack)`,
      );
      await expect(chat.answers).toHaveCount(0);
    });
  });
}
