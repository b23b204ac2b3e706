/** The page in front of AWS's runtime interface emulator, which buffers and says every error with status 200. */
import process from 'node:process';
import { expect, PAGES, test } from './chat.ts';

const PAGE = `http://localhost:${process.env.E2E_RIE_PAGE_PORT}`;

// It takes one invocation at a time, and breaks down over a second: these tests run one after the other.
test.describe.configure({ mode: 'default' });

for (const { name, path } of PAGES) {
  test.describe(name, () => {
    test('an answer arrives whole, and the page says that it was held back', async ({ chat, page }) => {
      await chat.open(PAGE + path);
      await chat.ask('Hello');
      await expect(chat.answer).toContainText('You wrote: “Hello”');
      await expect(page.getByText('This endpoint buffers: the last answer arrived whole')).toBeVisible();
    });

    test('a call is run by the page, and the answer goes on from its result', async ({ chat }) => {
      const posts = chat.posts();
      await chat.open(PAGE + path);
      await chat.send('What time is it in Asia/Tokyo?');
      await expect(chat.answer).toContainText('The tool returned:');
      await expect(chat.answer).toContainText('this answer followed.');
      await chat.ended();
      await expect(chat.answers).toHaveCount(1);
      expect(posts).toHaveLength(2);
    });

    test('a failure before the first byte has its sentence', async ({ chat, page }) => {
      await chat.open(PAGE + path);
      const answered = page.waitForResponse((response) => response.request().method() === 'POST');
      await chat.send('/error-401');
      expect((await answered).status()).toBe(200);
      await expect(chat.alert).toContainText("The model provider refused this service's credentials.");
      await expect(chat.alert).not.toContainText('This page reads');
      // And the next answer is one.
      await chat.ask('Hello');
      await expect(chat.answer).toContainText('You wrote: “Hello”');
    });
  });
}
