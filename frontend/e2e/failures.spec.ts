/** Whatever breaks, and wherever: the page says what and what to do, keeps what arrived, and goes on. */
import process from 'node:process';
import { type Chat, expect, PAGES, test } from './chat.ts';

/** The page's outcome, then a message that is answered as if nothing had been. */
async function goesOn(chat: Chat): Promise<void> {
  await expect(chat.alert.getByRole('button', { name: 'Retry' })).toBeVisible();
  await chat.ended();
  await chat.ask('/length');
  await expect(chat.alert).toHaveCount(0);
  await expect(chat.answer).toContainText('The answer reached its length limit.');
}

for (const { name, path } of PAGES) {
  test.describe(name, () => {
    test('a failure before the first byte', async ({ chat }) => {
      await chat.open(path);
      await chat.send('/error-401');
      await expect(chat.alert).toContainText("The model provider refused this service's credentials.");
      await expect(chat.answers).toHaveCount(0);
      await goesOn(chat);
    });

    test('an answer that the model breaks off', async ({ chat }) => {
      await chat.open(path);
      await chat.send('/cut');
      await expect(chat.alert).toContainText("The model's answer broke off.");
      await expect(chat.answer).toContainText('Hello!');
      await expect(chat.page.getByRole('banner')).toContainText(/first bytes after \d/);
      await goesOn(chat);
    });

    test('a model that says nothing', async ({ chat }) => {
      await chat.open(path);
      await chat.send('/silent');
      await expect(chat.alert).toContainText('The model took too long to answer.');
      await goesOn(chat);
    });

    for (const [fault, what] of [
      ['kill@30', 'a function that is killed in the middle of its answer'],
      ['timeout@30', 'a function that never ends and is stopped at its timeout'],
    ] as const) {
      test(what, async ({ chat, page }) => {
        await chat.open(path);
        await page.setExtraHTTPHeaders({ 'x-emulator-fault': fault });
        await chat.send('Hello');
        await expect(chat.alert).toContainText('The answer broke off before its end.');
        await expect(chat.answer).toContainText('Hello!');
        await expect(chat.answer).not.toContainText('a real model instead.');
        await page.setExtraHTTPHeaders({});
        await goesOn(chat);
      });
    }

    test('a function that dies before its answer', async ({ chat, page }) => {
      await chat.open(path);
      await page.setExtraHTTPHeaders({ 'x-emulator-fault': 'kill' });
      await chat.send('Hello');
      await expect(chat.alert).toContainText('failed before it could answer (502)');
      await expect(chat.alert).toContainText('Its log says why');
      await page.setExtraHTTPHeaders({});
      await goesOn(chat);
    });

    test('a function that fails at its import', async ({ chat, page }) => {
      await chat.open(path);
      const broken = `http://127.0.0.1:${process.env.E2E_BROKEN_PORT}/`;
      await page.route('**/api/chat', (route) => route.continue({ url: broken }));
      await chat.send('Hello');
      await expect(chat.alert).toContainText('failed before it could answer (502)');
      await page.unroute('**/api/chat');
      await goesOn(chat);
    });

    test('a server that is gone', async ({ chat, context }) => {
      await chat.open(path);
      await context.setOffline(true);
      await chat.send('Hello');
      await expect(chat.alert).toContainText('The server of this page does not answer.');
      await context.setOffline(false);
      await goesOn(chat);
    });

    test('Retry after a failure asks the same again', async ({ chat, page }) => {
      await chat.open(path);
      await page.setExtraHTTPHeaders({ 'x-emulator-fault': 'kill@30' });
      await chat.send('Hello');
      await expect(chat.alert).toBeVisible();
      await page.setExtraHTTPHeaders({});
      await chat.answered(() => chat.alert.getByRole('button', { name: 'Retry' }).click());
      await expect(chat.alert).toHaveCount(0);
      await expect(chat.answers).toHaveCount(1);
      await expect(chat.answer).toContainText('You wrote: “Hello”');
    });
  });
}
