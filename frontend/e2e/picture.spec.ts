/** The picture in README: what this page looks like, taken by the test that says it still does. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { expect, test } from './chat.ts';

/** RECORD=1 writes the one that README shows. */
const FILE = process.env.RECORD ? '../docs/images/chat.png' : 'test-results/chat.png';

test('the picture of the page', async ({ chat, page }) => {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.setViewportSize({ width: 960, height: 760 });
  await chat.open('/');
  await chat.ask('What time is it in Europe/Berlin?');
  await chat.ask('/markdown');
  await expect(chat.answer.getByRole('table')).toBeVisible();
  await page.evaluate((usual) => {
    // The port of this run and the time of this answer would make every picture another one.
    for (const shown of document.querySelectorAll('.endpoint')) shown.textContent = usual;
  }, 'http://127.0.0.1:9001/');
  await mkdir(dirname(FILE), { recursive: true });
  await page.screenshot({ path: FILE, animations: 'disabled', caret: 'hide' });
  expect((await stat(FILE)).size, 'bytes of the picture').toBeLessThan(150_000);
});
