/** Stop, Retry, Edit message, New chat. */
import { expect, PAGES, test } from './chat.ts';

for (const { name, path } of PAGES) {
  test.describe(name, () => {
    test('Stop keeps the text so far, and the next message is answered', async ({ chat, page }) => {
      await chat.open(path);
      const aborted = page.waitForEvent('requestfailed', (request) => request.method() === 'POST');
      await chat.send('/long');
      await expect(chat.answer).toContainText('This is paragraph 1');
      await chat.stop.click();
      expect((await aborted).failure()?.errorText).toContain('ABORTED');
      await chat.ended();
      await expect(chat.answer).toContainText('This is paragraph 1');
      await expect(chat.answer).not.toContainText('paragraph 12 of');
      await expect(chat.alert).toHaveCount(0);
      const kept = await chat.answer.getByText('This is paragraph 1').textContent();
      await chat.ask('Hello');
      await expect(chat.answer).toContainText('You wrote: “Hello”');
      await expect(chat.answers.first()).toContainText(kept ?? 'nothing was kept');
    });

    test('what is typed or clicked right after Send stops nothing', async ({ chat, page }) => {
      await chat.open(path);
      await chat.input.fill('/length');
      await chat.button('Send').dblclick();
      await page.keyboard.type('and then');
      await expect(chat.input).toHaveValue('and then');
      await chat.ended();
      await expect(chat.answer).not.toContainText('You stopped');
      await expect(chat.answer).toContainText('I am a stand-in');
    });

    test('Escape stops too', async ({ chat, page }) => {
      await chat.open(path);
      await chat.send('/long');
      await expect(chat.answer).toContainText('This is paragraph 1');
      await page.keyboard.press('Escape');
      await chat.ended();
      await expect(chat.input).toBeFocused();
      await expect(chat.answer).not.toContainText('paragraph 12 of');
    });

    test('Retry asks anew for the last answer alone', async ({ chat }) => {
      await chat.open(path);
      await chat.ask('/length');
      const posts = chat.posts();
      await chat.answered(() => chat.button('Retry').click());
      await expect(chat.answers).toHaveCount(1);
      await expect(chat.answer).toContainText('I am a stand-in');
      const messages = posts[0]?.body.messages as { role: string }[];
      expect(messages.map(({ role }) => role)).toEqual(['user']);
      expect(posts).toHaveLength(1);
    });

    test('an edited message is asked again, and what followed it is gone', async ({ chat, page }) => {
      await chat.open(path);
      await chat.ask('/length');
      await chat.ask('The second message');
      await chat.button('Edit message').first().click();
      const editor = page.getByRole('textbox', { name: 'New wording' });
      await expect(editor).toHaveValue('/length');
      await editor.fill('Say something else');
      await chat.answered(() => chat.button('Ask again').click());
      await expect(chat.answer).toContainText(
        'You wrote: “Say something else”. That was your first message.',
      );
      await expect(chat.answers).toHaveCount(1);
      await expect(chat.log.getByRole('article', { name: 'You' })).toHaveCount(1);
      await expect(chat.log).not.toContainText('The second message');
    });

    test('New chat forgets everything, the answer that is being made included', async ({ chat }) => {
      await chat.open(path);
      await chat.send('/long');
      await expect(chat.answer).toContainText('This is paragraph 1');
      await chat.button('New chat').click();
      await expect(chat.answers).toHaveCount(0);
      await chat.ask('/length');
      await expect(chat.answers).toHaveCount(1);
      await expect(chat.log).not.toContainText('paragraph');
    });
  });
}
