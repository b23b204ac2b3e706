/** What cannot be drawn takes nothing else with it. */
import { answering } from './answers.ts';
import { expect, PAGES, test } from './chat.ts';

for (const { name, path } of PAGES) {
  test.describe(name, () => {
    for (const [what, deep] of [
      ['quotations', '>'.repeat(4000)],
      ['lists', '- '.repeat(3500)],
      ['as many lists as are parsed', '- '.repeat(100)],
    ] as const) {
      test(`${what} in one another are shown, as text at worst`, async ({ chat, page }) => {
        await using endpoint = await answering(() => ({
          text: `**Before** it.\n\n${deep} deep\n\n**After** it.`,
        }));
        await page.route('**/api/chat', (route) => route.continue({ url: endpoint.url }));
        await chat.open(path);
        await chat.ask('Nest');
        await expect(chat.answer).toContainText('deep');
        // What stands around it is Markdown still.
        await expect(chat.answer.getByText('Before', { exact: true })).toBeVisible();
        await expect(chat.answer.getByText('After', { exact: true })).toBeVisible();
        await chat.ask('Again');
        await expect(chat.answers).toHaveCount(2);
      });
    }

    test('a kept conversation of another form leaves a way on', async ({ chat, page }) => {
      await chat.open(path);
      await chat.ask('/length');
      const kept = () => page.evaluate(() => Object.values(sessionStorage).join('\n'));
      await expect.poll(kept).toContain('"/length"');
      // Before the page's own scripts: one of them may still be about to keep what it holds.
      await page.addInitScript(() => {
        for (const [key, value] of Object.entries(sessionStorage)) {
          if (value.includes('"messages":[{')) sessionStorage.setItem(key, '{"messages":[null]}');
        }
      });
      await page.reload();
      await expect(chat.alert).toContainText('This page cannot show the conversation.');
      await chat.button('Reload').click();
      await expect(chat.alert).toContainText('This page cannot show the conversation.');
      await chat.button('New chat').click();
      await chat.ask('/length');
      await expect(chat.answers).toHaveCount(1);
    });
  });
}
