/** Tools that run in the page: their calls shown, their results sent back, the reader asked first where it must be. */
import { answering, callOf } from './answers.ts';
import { expect, PAGES, test } from './chat.ts';

for (const { name, path } of PAGES) {
  test.describe(name, () => {
    test('a call is run by the page, and the answer goes on from its result', async ({ chat }) => {
      await chat.open(path);
      const posts = chat.posts();
      await chat.send('What time is it in Asia/Tokyo?');
      await expect(chat.answer).toContainText('The tool returned:');
      await expect(chat.answer).toContainText('this answer followed.');
      await chat.ended();
      // One answer in one message, in two rounds, and not a third.
      await expect(chat.answers).toHaveCount(1);
      expect(posts).toHaveLength(2);
      const call = chat.answer.getByRole('group').filter({ hasText: 'current_time' });
      await expect(call).toContainText('done');
      await call.getByText('current_time').click();
      await expect(call.getByText('"timeZone": "Asia/Tokyo"').first()).toBeVisible();
      await chat.ask('/length');
      expect(posts).toHaveLength(3);
    });

    test('a suggestion shows a tool, by keyboard too, and is gone once something was asked', async ({
      chat,
      page,
    }) => {
      await chat.open(path);
      const suggestions = page.getByRole('list', { name: 'Suggestions' }).getByRole('button');
      await expect(suggestions).toHaveCount(3);
      const time = suggestions.filter({ hasText: 'What time is it in Europe/Zurich?' });
      await time.focus();
      await page.keyboard.press('Enter');
      await expect(chat.answer).toContainText('this answer followed.');
      await chat.ended();
      await expect(chat.answer.getByRole('group').filter({ hasText: 'current_time' })).toContainText('done');
      await expect(suggestions).toHaveCount(0);
      await expect(chat.input).toBeFocused();
    });

    test('a city is a time zone', async ({ chat }) => {
      await chat.open(path);
      await chat.send('What time is it in Zurich?');
      await expect(chat.answer).toContainText('this answer followed.');
      const call = chat.answer.getByRole('group').filter({ hasText: 'current_time' });
      await expect(call).toContainText('done');
      await call.getByText('current_time').click();
      await expect(call.getByText('"timeZone": "Europe/Zurich"')).toBeVisible();
    });

    test('a tool that fails says why, and the model is told', async ({ chat }) => {
      await chat.open(path);
      await chat.send('What time is it in Nowhere/Land?');
      await expect(chat.answer).toContainText('The tool returned:');
      await expect(chat.answer).toContainText('Nowhere/Land is not the IANA name of a time zone.');
      await chat.ended();
    });

    test('a permission that was passed over can no longer be given', async ({ chat }) => {
      await chat.open(path);
      await chat.ask('Please change the theme to dark');
      await expect(chat.button('Approve')).toBeVisible();
      await chat.ask('/length');
      await expect(chat.button('Approve')).toHaveCount(0);
      await expect(chat.answers.first()).toContainText('was not run');
      await expect(chat.button('Theme: system')).toBeVisible();
    });

    test('a tool that needs permission runs once it is given', async ({ chat, page }) => {
      await chat.open(path);
      const posts = chat.posts();
      await chat.send('Please change the theme to dark');
      await expect(chat.answer).toContainText('asks for your permission');
      await chat.ended();
      await expect(chat.button('Theme: system')).toBeVisible();
      expect(posts).toHaveLength(1);
      await chat.answered(() => chat.button('Approve').click());
      await expect(chat.answer).toContainText('The tool returned:');
      await expect(chat.button('Theme: dark')).toBeVisible();
      await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
      await expect(chat.answers).toHaveCount(1);
      expect(posts).toHaveLength(2);
    });

    test('a tool that is refused does not run, and the answer goes on', async ({ chat }) => {
      await chat.open(path);
      const posts = chat.posts();
      await chat.send('Please change the theme to dark');
      await expect(chat.answer).toContainText('asks for your permission');
      await chat.ended();
      await chat.answered(() => chat.button('Deny').click());
      await expect(chat.answer).toContainText('The tool returned:');
      await expect(chat.button('Theme: system')).toBeVisible();
      await expect(chat.answers).toHaveCount(1);
      expect(posts).toHaveLength(2);
    });

    test('a model that calls a tool every time is not asked for ever', async ({ chat, page }) => {
      await using endpoint = await answering(() => callOf('current_time'));
      await page.route('**/api/chat', (route) => route.continue({ url: endpoint.url }));
      await chat.open(path);
      const said = page.getByRole('status').filter({ hasText: 'called tools 9 times in a row' });
      await chat.send('Go on');
      await expect(said).toContainText('Send a message to let it go on, or press Retry.');
      expect(endpoint.asked).toBe(9);
      // It has said so because it is at rest: what the reader sends is asked, and bounded as well.
      await chat.send('Go on');
      await expect.poll(() => endpoint.asked).toBe(18);
      await expect(said).toBeVisible();
      expect(endpoint.asked).toBe(18);
    });
  });
}
