/** By keyboard alone, on a phone, in the dark, and by ear. */
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, PAGES, test } from './chat.ts';

/** What axe finds wrong, by rule and element. */
async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

for (const { name, path, other } of PAGES) {
  test.describe(name, () => {
    test('by keyboard alone', async ({ chat, page }) => {
      await chat.open(path);
      const { keyboard } = page;
      await expect(chat.input).toBeFocused();
      await keyboard.type('First line');
      await keyboard.press('Shift+Enter');
      await keyboard.type('second line');
      await expect(chat.input).toHaveValue('First line\nsecond line');
      await chat.answered(() => keyboard.press('Enter'));
      await expect(chat.answer).toContainText('You wrote: “First line second line”');
      await expect(chat.input).toBeFocused();
      await expect(chat.input).toHaveValue('');

      // Backwards from the composer: the answer's buttons, then the message's own.
      const focused = page.locator(':focus');
      const back = async (wanted: string) => {
        for (let presses = 0; presses < 10; presses += 1) {
          await keyboard.press('Shift+Tab');
          if ((await focused.textContent()) === wanted) return;
        }
        throw new Error(`${wanted} is not reached by Shift+Tab.`);
      };
      await back('Retry');
      await chat.answered(() => keyboard.press('Enter'));
      await expect(chat.answers).toHaveCount(1);
      await back('Edit message');
      await keyboard.press('Enter');
      await expect(page.getByRole('textbox', { name: 'New wording' })).toBeFocused();
      await keyboard.press('Control+A');
      await keyboard.type('Changed');
      await chat.answered(() => keyboard.press('Enter'));
      await expect(chat.answer).toContainText('You wrote: “Changed”');
      await expect(chat.input).toBeFocused();
    });

    test('an answer’s beginning and end are said, its tokens are not', async ({ chat, page }) => {
      await page.addInitScript(() => {
        const said: string[] = [];
        Object.assign(window, { said });
        new MutationObserver(() => {
          const text = document.querySelector('[role="status"]')?.textContent;
          if (text && text !== said.at(-1)) said.push(text);
        }).observe(document, { subtree: true, childList: true, characterData: true });
      });
      await chat.open(path);
      await chat.ask('/length');
      const said = () => page.evaluate(() => (window as unknown as { said: string[] }).said);
      await expect.poll(said).toEqual(['Answering…', 'The answer has ended.']);
      await expect(chat.log).toHaveAttribute('aria-live', 'off');
    });

    test('nothing is wider than a phone', async ({ chat, page }) => {
      await page.setViewportSize({ width: 360, height: 640 });
      await chat.open(path);
      await chat.ask('/markdown');
      await chat.ask(`A word without an end: ${'abcdefghij'.repeat(30)}`);
      await chat.input.fill(`https://console.test/${'abcdefghij'.repeat(30)}`);
      const { scroll, client } = await page.evaluate(() => ({
        scroll: document.documentElement.scrollWidth,
        client: document.documentElement.clientWidth,
      }));
      expect(scroll).toBeLessThanOrEqual(client);
      for (const button of [chat.button('Send'), chat.button('New chat'), chat.button('Attach files')]) {
        await expect(button).toBeInViewport({ ratio: 1 });
      }
      await expect(chat.input).toBeInViewport({ ratio: 1 });
    });

    test('reading further up is left alone while the answer grows', async ({ chat, page }) => {
      await page.setViewportSize({ width: 800, height: 500 });
      await chat.open(path);
      await chat.send('/long');
      await expect(chat.answer).toContainText('This is paragraph 4');
      await expect(chat.answer.getByText('This is paragraph 4')).toBeInViewport();
      const box = page.getByRole('region', { name: 'Messages so far' });
      await box.hover();
      await page.mouse.wheel(0, -5000);
      await expect(chat.answer.getByText('This is paragraph 1 of')).toBeInViewport();
      await expect(chat.answer).toContainText('This is paragraph 6');
      await expect(chat.answer.getByText('This is paragraph 1 of')).toBeInViewport();
      await chat.button('Jump to latest').click();
      await expect(chat.button('Jump to latest')).toBeHidden();
      await chat.stop.click();
      await chat.ended();
      await expect(chat.answer.getByText('This is paragraph 1 of')).not.toBeInViewport();
    });

    test('the theme is the system’s until the reader chooses', async ({ chat, page }) => {
      const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      await page.emulateMedia({ colorScheme: 'light' });
      await chat.open(path);
      const light = await background();
      await page.emulateMedia({ colorScheme: 'dark' });
      await expect.poll(background).not.toBe(light);
      const dark = await background();
      await chat.button('Theme: system').click();
      await expect.poll(background).toBe(light);
      await chat.button('Theme: light').click();
      await expect.poll(background).toBe(dark);
      await page.reload();
      await expect(chat.button('Theme: dark')).toBeVisible();
      await page.emulateMedia({ colorScheme: 'light' });
      await expect.poll(background).toBe(dark);
    });

    test('the other page is a link away', async ({ chat, page }) => {
      await chat.open(path);
      await page.getByRole('link', { name: other }).click();
      await expect(page.getByRole('heading', { level: 1 })).toContainText(other);
      await page.getByRole('link', { name }).click();
      await expect(page.getByRole('heading', { level: 1 })).toContainText(name);
    });

    for (const colorScheme of ['light', 'dark'] as const) {
      test(`axe finds nothing wrong in the ${colorScheme}`, async ({ chat, page }) => {
        // What moves is half transparent for a moment, and no colour has its contrast then.
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await chat.open(path);
        expect(await violations(page), 'an empty page').toEqual([]);
        await chat.ask('/markdown');
        await chat.ask('/reasoning');
        await chat.ask('/sources');
        await chat.ask('What time is it?');
        await chat.send('Please change the theme');
        await expect(chat.button('Approve')).toBeVisible();
        await chat.ended();
        for (const summary of await chat.log.locator('summary').all()) await summary.click();
        expect(await violations(page), 'after answers of every kind').toEqual([]);
        await chat.button('New chat').click();
        await chat.send('/cut');
        await expect(chat.alert).toBeVisible();
        await chat.ended();
        await chat.button('Edit message').click();
        expect(await violations(page), 'with an error and an open editor').toEqual([]);
      });
    }
  });
}
