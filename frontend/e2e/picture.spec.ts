/** The picture in README: what this page looks like, taken by the test that says it still does. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { expect, test } from './chat.ts';

/** RECORD=1 writes the one that README shows. */
const FILE = process.env.RECORD ? '../docs/images/chat.png' : 'test-results/chat.png';

test('the picture of the page', async ({ chat, page }) => {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.setViewportSize({ width: 960, height: 860 });
  // The clock, the port and the wait are of this run: they would make every picture another one.
  await page.clock.setFixedTime('2026-11-21T09:41:00Z');
  await chat.open('/');
  await chat.ask('What time is it in Europe/Berlin?');
  await expect(chat.answer).toContainText('this answer followed.');
  await chat.ask('/sources');
  await page.evaluate(() => {
    const wire = document.querySelector('.wire');
    if (wire)
      wire.innerHTML = wire.innerHTML
        .replace(/127\.0\.0\.1:\d+/, '127.0.0.1:9001')
        .replace(/\d\.\d\d s/, '0.06 s');
  });
  await mkdir(dirname(FILE), { recursive: true });
  await page.screenshot({ path: FILE, animations: 'disabled', caret: 'hide' });
  expect((await stat(FILE)).size, 'bytes of the picture').toBeLessThan(150_000);
});
