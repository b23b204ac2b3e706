/** The chat page as its reader knows it: by the names that a screen reader says. */
import { test as base, expect, type Locator, type Page } from '@playwright/test';

/** The two pages; what holds of both is tested on both. */
export const PAGES = [
  { name: 'AI SDK 7', path: '/', other: 'AI SDK 4' },
  { name: 'AI SDK 4', path: '/v4.html', other: 'AI SDK 7' },
] as const;

/** A moment at which an answer had grown: milliseconds of a clock that all tabs share, characters. */
export interface Growth {
  at: number;
  length: number;
}

/** One tab of the page. */
export class Chat {
  readonly log: Locator;
  readonly input: Locator;
  readonly stop: Locator;
  readonly answers: Locator;
  readonly alert: Locator;

  constructor(readonly page: Page) {
    this.log = page.getByRole('log');
    this.input = page.getByRole('textbox', { name: 'Message', exact: true });
    this.stop = page.getByRole('button', { name: 'Stop' });
    this.answers = this.log.getByRole('article', { name: 'Assistant' });
    this.alert = page.getByRole('alert');
  }

  async open(path: string): Promise<void> {
    await this.page.goto(path);
    await expect(this.input).toBeVisible();
  }

  async send(text: string): Promise<void> {
    await this.input.fill(text);
    await this.button('Send').click();
  }

  /** Send, and wait for the answer's end. */
  async ask(text: string): Promise<void> {
    await this.answered(() => this.send(text));
  }

  /** Do what has an answer made, and wait for its end. */
  async answered(act: () => Promise<void>): Promise<void> {
    const asked = this.page.waitForRequest((request) => request.method() === 'POST');
    await act();
    const response = await (await asked).response();
    await response?.finished();
    await this.ended();
  }

  /** Wait until no answer is being made any more. */
  async ended(): Promise<void> {
    await expect(this.stop).toBeHidden();
    await expect(this.button('Send')).toBeVisible();
  }

  /** The last answer. */
  get answer(): Locator {
    return this.answers.last();
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  /** The requests for answers that this page makes from now on, with their bodies. */
  posts(): { url: string; body: Record<string, unknown> }[] {
    const posts: { url: string; body: Record<string, unknown> }[] = [];
    this.page.on('request', (request) => {
      if (request.method() === 'POST') posts.push({ url: request.url(), body: request.postDataJSON() });
    });
    return posts;
  }
}

/** `chat` is a fresh page; the test fails where a script of the page threw. */
export const test = base.extend<{ chat: Chat }>({
  chat: async ({ page }, use) => {
    const thrown: Error[] = [];
    page.on('pageerror', (error) => thrown.push(error));
    await use(new Chat(page));
    expect(thrown, 'errors that the page threw').toEqual([]);
  },
});

export { expect };

/** Have the page note, from its first script on, when its last answer grew. */
export async function noteGrowth(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const growth: { at: number; length: number }[] = [];
    Object.assign(window, { growth });
    new MutationObserver(() => {
      const answers = document.querySelectorAll('[role="log"] article[aria-label="Assistant"]');
      const length = answers[answers.length - 1]?.textContent?.length ?? 0;
      if (length > (growth.at(-1)?.length ?? 0)) growth.push({ at: performance.now(), length });
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });
}

/** What `noteGrowth` noted. */
export function growthOf(page: Page): Promise<Growth[]> {
  return page.evaluate(() => {
    const { growth } = window as unknown as { growth: { at: number; length: number }[] };
    return growth.map(({ at, length }) => ({ at: at + performance.timeOrigin, length }));
  });
}

/** When the first and the last bytes of the last answer arrived, as the browser itself has it; same clock. */
export async function arrivalOf(page: Page): Promise<{ began: number; ended: number }> {
  const read = () =>
    page.evaluate(() => {
      const fetched = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
      const answer = fetched.filter(({ initiatorType }) => initiatorType === 'fetch').at(-1);
      const { timeOrigin } = performance;
      return answer && { began: answer.responseStart + timeOrigin, ended: answer.responseEnd + timeOrigin };
    });
  await expect.poll(read, 'the browser’s own timing of the answer').toBeDefined();
  return (await read()) ?? { began: 0, ended: 0 };
}
