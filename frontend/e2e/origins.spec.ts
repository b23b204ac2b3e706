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

    test('nothing that the page does is against its own policy', async ({ chat, page }) => {
      const violations: string[] = [];
      await page.exposeFunction('noteViolation', (said: string) => violations.push(said));
      await page.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
          const { noteViolation } = window as unknown as { noteViolation: (said: string) => void };
          noteViolation(`${effectiveDirective}: ${blockedURI}`);
        });
      });
      await chat.open(ALLOWED + path);
      await chat.input.fill('/markdown');
      const picture = Buffer.from('R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=', 'base64');
      const file = { name: 'dot.gif', mimeType: 'image/gif', buffer: picture };
      await page.locator('input[type="file"]').setInputFiles(file);
      await expect(page.getByRole('img', { name: 'dot.gif' })).toBeVisible();
      await chat.answered(() => chat.button('Send').click());
      await expect(chat.answer.getByRole('table')).toBeVisible();
      await chat.send('Please change the theme to dark');
      await chat.answered(() => chat.button('Approve').click());
      await chat.ask('/reasoning');
      await chat.ask('/image');
      const shown = chat.answer.getByRole('img');
      await expect
        .poll(() => shown.evaluate((image: HTMLImageElement) => image.naturalWidth))
        .toBeGreaterThan(0);
      expect(violations).toEqual([]);
      // And what the policy forbids is noted: nothing else would have been.
      await page.evaluate(() => fetch('https://elsewhere.example/').catch(() => {}));
      await expect.poll(() => violations).toEqual(['connect-src: https://elsewhere.example/']);
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
