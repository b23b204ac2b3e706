/** An answer is readable while it is made, many are made at once. What holds answers back: rie.spec.ts. */
import { arrivalOf, Chat, expect, growthOf, noteGrowth, PAGES, test } from './chat.ts';

for (const { name, path } of PAGES) {
  test.describe(name, () => {
    test('the first words are visible while the answer is still being made', async ({ chat, page }) => {
      await noteGrowth(page);
      await chat.open(path);
      await chat.answered(async () => {
        await chat.send('/long');
        await expect(page.getByRole('status')).toHaveText('Answering…');
      });
      await expect(chat.answer).toContainText('This is paragraph 12 of 12.');

      const growth = await growthOf(page);
      const { began, ended } = await arrivalOf(page);
      const before = growth.filter(({ at }) => at < ended);
      expect(before.length, 'times that the text grew before the last byte').toBeGreaterThanOrEqual(20);
      expect(before[0]?.at, 'the first words, in the first quarter of the answer').toBeLessThan(
        began + (ended - began) / 4,
      );
      // Not a lump in the middle: half of the way, a good part of the text is there and a good part is not.
      const whole = growth.at(-1)?.length ?? 0;
      const half = before.findLast(({ at }) => at < (began + ended) / 2)?.length ?? 0;
      expect(half).toBeGreaterThan(whole * 0.25);
      expect(half).toBeLessThan(whole * 0.75);
      await expect(page.getByText('This endpoint buffers')).toBeHidden();
    });

    test('two tabs stream at the same time', async ({ chat, context }) => {
      const other = new Chat(await context.newPage());
      for (const tab of [chat, other]) {
        await noteGrowth(tab.page);
        await tab.open(path);
      }
      // An environment serves one answer at a time: the second tab needs one of its own.
      for (const tab of [chat, other]) await tab.send('/long');
      for (const tab of [chat, other]) await expect(tab.answer).toContainText('This is paragraph 4');
      const grown = [await growthOf(chat.page), await growthOf(other.page)];
      for (const tab of [chat, other]) {
        await expect(tab.stop).toBeVisible();
        await tab.stop.click();
        await tab.ended();
      }
      // From when both had begun until either was looked at, both texts grew: neither waited for the other.
      const from = Math.max(...grown.map((growth) => growth[0]?.at ?? 0));
      const until = Math.min(...grown.map((growth) => growth.at(-1)?.at ?? 0));
      for (const growth of grown) {
        expect(growth.filter(({ at }) => from < at && at < until).length).toBeGreaterThanOrEqual(5);
      }
    });

    test('a conversation goes on, and a reload keeps it', async ({ chat, page }) => {
      await chat.open(path);
      await chat.ask('/length');
      await chat.ask('And again');
      await expect(chat.answer).toContainText('message number 2 of this conversation');
      await page.reload();
      await expect(chat.answers).toHaveCount(2);
      await chat.ask('Once more');
      await expect(chat.answer).toContainText('message number 3 of this conversation');
    });
  });
}
