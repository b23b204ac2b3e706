/** A reload, at any moment: what was asked and what had arrived is there, and what is not whole says so. */
import { expect, PAGES, test } from './chat.ts';

for (const { name, path } of PAGES) {
  test.describe(name, () => {
    test('in the middle of the first answer', async ({ chat, page }) => {
      await chat.open(path);
      await chat.send('/long');
      await expect(chat.answer).toContainText('This is paragraph 2');
      await page.reload();
      await expect(chat.log.getByRole('article', { name: 'You' })).toContainText('/long');
      await expect(chat.answer).toContainText('This is paragraph 1');
      await expect(chat.answer).toContainText('This answer is not whole.');
      await expect(chat.alert).toHaveCount(0);
      await chat.ask('Hello');
      await expect(chat.answer).toContainText('message number 2');
      await expect(chat.answers.first()).toContainText('This answer is not whole.');
      await expect(chat.answer).not.toContainText('not whole');
    });

    test('before the answer began', async ({ chat, page }) => {
      await chat.open(path);
      const held = page.waitForRequest('**/api/chat');
      await page.route('**/api/chat', () => {});
      await chat.send('Hello');
      await held;
      await page.reload();
      await page.unroute('**/api/chat');
      await expect(chat.log.getByRole('article', { name: 'You' })).toContainText('Hello');
      await expect(page.getByText('This was not answered.')).toBeVisible();
      await chat.answered(() => chat.button('Retry').click());
      await expect(chat.answer).toContainText('You wrote: “Hello”');
      await expect(page.getByText('This was not answered.')).toHaveCount(0);
    });

    test('of whole answers', async ({ chat, page }) => {
      await chat.open(path);
      await chat.ask('/length');
      await chat.ask('What time is it in Asia/Tokyo?');
      await expect(chat.answer).toContainText('this answer followed.');
      await chat.ended();
      await page.reload();
      await expect(chat.answers.first()).toContainText('The answer reached its length limit.');
      await expect(chat.answers.first()).toContainText('5 tokens in, 20 out');
      await expect(chat.answer).toContainText('this answer followed.');
      await expect(chat.log).not.toContainText('not whole');
    });

    test('a browser that dies has the question all the same', async ({ chat, page }) => {
      await chat.open(path);
      await chat.send('/long');
      await expect(chat.answer).toContainText('This is paragraph 1');
      const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage }));
      expect(kept).toContain('/long');
      await chat.stop.click();
    });

    test('what was stopped stays stopped', async ({ chat, page }) => {
      await chat.open(path);
      await chat.send('/long');
      await expect(chat.answer).toContainText('This is paragraph 1');
      await chat.stop.click();
      await expect(chat.answer).toContainText('You stopped this answer.');
      await page.reload();
      await expect(chat.answer).toContainText('You stopped this answer.');
    });

    test('an answer that failed is not whole afterwards', async ({ chat, page }) => {
      await chat.open(path);
      await chat.send('/cut');
      await expect(chat.alert).toBeVisible();
      await chat.ended();
      await chat.ask('/length');
      await expect(chat.alert).toHaveCount(0);
      await expect(chat.answers.first()).toContainText('This answer is not whole.');
      await page.reload();
      await expect(chat.answers.first()).toContainText('This answer is not whole.');
      await expect(chat.answer).not.toContainText('not whole');
    });

    test('a second round that failed is not whole, though the first ended well', async ({ chat, page }) => {
      await chat.open(path);
      await chat.send('Please change the theme to dark');
      await expect(chat.answer).toContainText('asks for your permission');
      await chat.ended();
      await expect(chat.answer).not.toContainText('not whole');
      await page.setExtraHTTPHeaders({ 'x-emulator-fault': 'kill' });
      await chat.button('Approve').click();
      await expect(chat.alert).toBeVisible();
      await page.reload();
      await expect(chat.answer).toContainText('This answer is not whole.');
    });
  });
}
