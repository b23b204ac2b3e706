/** The built page, served by another server than the one it asks: what CORS allows and what it does not. */
import process from 'node:process';
import { expect, growthOf, noteGrowth, PAGES, test } from './chat.ts';

const SERVER = `http://127.0.0.1:${process.env.E2E_BUILT_PORT}`;
const ENDPOINT = `http://127.0.0.1:${process.env.E2E_EMULATOR_PORT}/`;
/** One of corsAllowOrigins in Pulumi.dev.yaml, from which `make dev` has its settings. */
const ALLOWED = 'http://localhost:3000';

// Another process may have that port: this browser finds the built page's server behind the name.
test.use({
  launchOptions: async ({ launchOptions }, use) => {
    const { host } = new URL(SERVER);
    const rule = `--host-resolver-rules=MAP ${new URL(ALLOWED).host} ${host}`;
    await use({ ...launchOptions, args: [...(launchOptions.args ?? []), rule] });
  },
});

for (const { name, path } of PAGES) {
  test.describe(name, () => {
    test('a page of an allowed origin streams from the Function URL itself', async ({ chat, page }) => {
      await noteGrowth(page);
      const posts = chat.posts();
      await chat.open(ALLOWED + path);
      await chat.ask('Hello');
      await expect(chat.answer).toContainText('You wrote: “Hello”');
      expect(posts.map(({ url }) => url)).toEqual([ENDPOINT]);
      expect((await growthOf(page)).length).toBeGreaterThanOrEqual(10);
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
