/** What an answer can hold and a message can carry, as the reader sees it. */
import { expect, PAGES, test } from './chat.ts';

// A red dot.
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==',
  'base64',
);

for (const { name, path } of PAGES) {
  test.describe(name, () => {
    test('Markdown', async ({ chat, page, context }) => {
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      await chat.open(path);
      await chat.ask('/markdown');
      const { answer } = chat;
      await expect(answer.getByRole('heading', { name: 'What markdown looks like here' })).toBeVisible();
      await expect(answer.getByRole('listitem').filter({ hasText: 'token by token' }).last()).toBeVisible();
      await expect(answer.getByRole('row')).toHaveCount(4);
      await expect(answer.getByRole('cell', { name: 'server-sent events' })).toBeVisible();
      await expect(answer.getByRole('link', { name: 'a link' })).toHaveAttribute('rel', /noopener/);
      await answer.getByRole('button', { name: 'Copy code' }).click();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('async for token in');
      await answer.getByRole('button', { name: 'Copy', exact: true }).click();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('## A table');
    });

    test('reasoning is folded, and unfolds', async ({ chat }) => {
      await chat.open(path);
      await chat.ask('/reasoning');
      const thought = chat.answer.getByText('so some must be shown');
      await expect(chat.answer).toContainText('the answer is that the thought came first');
      await expect(thought).toBeHidden();
      await chat.answer.getByText('Reasoning', { exact: true }).click();
      await expect(thought).toBeVisible();
    });

    test('sources are listed', async ({ chat }) => {
      await chat.open(path);
      await chat.ask('/sources');
      const sources = chat.answer.getByRole('region', { name: 'Sources' }).getByRole('link');
      await expect(sources).toHaveText([
        'Response streaming for Lambda functions',
        'AI SDK UI: Stream Protocols',
      ]);
      await expect(sources.first()).toHaveAttribute('href', /^https:\/\/docs\.aws\.amazon\.com\//);
    });

    test('a generated image is drawn', async ({ chat }) => {
      await chat.open(path);
      await chat.ask('/image');
      const image = chat.answer.getByRole('img');
      await expect(image).toBeVisible();
      expect(await image.evaluate((drawn: HTMLImageElement) => drawn.naturalWidth)).toBe(240);
      // The next request carries the history without what no provider takes back.
      await chat.ask('And now?');
      await expect(chat.answer).toContainText('message number 2');
    });

    test('tokens are counted', async ({ chat }) => {
      await chat.open(path);
      await chat.ask('/length');
      await expect(chat.answer).toContainText('5 tokens in, 20 out');
    });

    test('attachments go with the message', async ({ chat, page }) => {
      await chat.open(path);
      const posts = chat.posts();
      const choosing = page.waitForEvent('filechooser');
      await chat.button('Attach files').click();
      await (await choosing).setFiles([
        { name: 'dot.png', mimeType: 'image/png', buffer: PNG },
        { name: 'notes.md', mimeType: 'text/markdown', buffer: Buffer.from('# Notes\n') },
        { name: 'old.txt', mimeType: 'text/plain', buffer: Buffer.from('to be removed') },
      ]);
      const attached = page.getByRole('list', { name: 'Attached files' });
      await expect(attached.getByRole('listitem')).toHaveCount(3);
      await chat.button('Remove old.txt').click();
      await expect(attached.getByRole('listitem')).toHaveCount(2);
      await chat.ask('Two files');
      await expect(chat.answer).toContainText('Two files');
      await expect(attached).toHaveCount(0);
      const own = chat.log.getByRole('article', { name: 'You' });
      await expect(own.getByRole('img', { name: 'dot.png' })).toBeVisible();
      await expect(own).toContainText('notes.md');
      const posted = JSON.stringify(posts[0]?.body.messages);
      expect(posted).toContain(`data:image/png;base64,${PNG.toString('base64')}`);
      expect(posted).toContain('data:text/markdown');
      expect(posted).not.toContain('old.txt');
    });

    test('a refusal over the composer leaves the end of the conversation in sight', async ({
      chat,
      page,
    }) => {
      await page.setViewportSize({ width: 360, height: 560 });
      await chat.open(path);
      await chat.ask('/markdown');
      const end = chat.button('Retry');
      await expect(end).toBeInViewport({ ratio: 1 });
      const bytes = Buffer.from([0, 159, 146, 150]);
      const refused = ['one', 'two', 'three'].map((file) => ({
        name: `${file}.bin`,
        mimeType: 'application/octet-stream',
        buffer: bytes,
      }));
      // Each refusal takes the place of the one before it.
      for (const count of [3, 2, 3, 2, 3, 2]) {
        const choosing = page.waitForEvent('filechooser');
        await chat.button('Attach files').click();
        await (await choosing).setFiles(refused.slice(0, count));
        await expect(chat.alert).toContainText('two.bin');
        await expect(chat.alert.getByText('three.bin')).toHaveCount(count - 2);
        await expect(end).toBeInViewport({ ratio: 1 });
        await expect(chat.button('Jump to latest')).toHaveCount(0);
      }
    });

    test('what cannot be attached is said, and nothing is sent', async ({ chat, page }) => {
      await chat.open(path);
      const posts = chat.posts();
      const choose = async (file: string, buffer: Buffer) => {
        const choosing = page.waitForEvent('filechooser');
        await chat.button('Attach files').click();
        await (await choosing).setFiles({ name: file, mimeType: 'application/octet-stream', buffer });
      };
      await choose('program.bin', Buffer.from([0, 159, 146, 150]));
      await expect(chat.alert).toContainText('program.bin cannot be attached');
      // The bytes of an empty archive are ASCII but for its zeros; a name is enough.
      await choose('small.zip', Buffer.from('PK ASCII alone'));
      await expect(chat.alert).toContainText('small.zip cannot be attached');
      await choose('large.txt', Buffer.alloc(400_000, 'a'));
      await chat.send('Read this');
      await expect(chat.alert).toContainText('the endpoint takes');
      expect(posts).toHaveLength(0);
      await chat.button('Remove large.txt').click();
      await chat.answered(() => chat.button('Send').click());
      await expect(chat.answer).toContainText('Read this');
    });
  });
}
