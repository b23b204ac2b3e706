import { describe, expect, test } from 'vitest';
import { type Block, splitBlocks } from './blocks.ts';

const markdown = (text: string): Block => ({ kind: 'markdown', text });
const code = (language: string, text: string): Block => ({ kind: 'code', language, code: text });

describe('a block ends at an empty line', () => {
  test.each<[string, string, number]>([
    ['paragraphs', 'One.\n\nTwo.\n\nThree.', 3],
    ['a heading and a table', '# H\n\n| a |\n|---|\n| 1 |', 2],
    ['nothing', '\n\n', 0],
  ])('%s', (_what, text, blocks) => expect(splitBlocks(text)).toHaveLength(blocks));
});

describe('but not inside', () => {
  test.each([
    ['a loose list', '1. One\n\n2. Two\n\n3. Three'],
    ['a list item of two paragraphs', '- One\n\n  goes on\n\n- Two'],
    ['code in a list item', '- One\n\n  ```\n  a\n\nb\n  ```\n- Two'],
    ['indented code', '    a\n\n    b'],
    ['inline code of three backticks', 'Say ```x``` twice.'],
    ['a table, however long', `| a |\n|---|${'\n| a cell |'.repeat(2_000)}`],
  ])('%s', (_what, text) => expect(splitBlocks(text)).toEqual([markdown(text)]));
});

describe('code is cut out', () => {
  test.each<[string, string, Block[]]>([
    ['with its language', '```py\na = 1\n\nb = 2\n```', [code('py', 'a = 1\n\nb = 2')]],
    ['while it is still written', '```\na\n\nb', [code('', 'a\n\nb')]],
    ['before its first line', '```js', [code('js', '')]],
    ['of tildes, which may hold backticks', '~~~\n```\n\n```\n~~~', [code('', '```\n\n```')]],
    ['with a shorter fence in it', '````md\n```\n\n````', [code('md', '```\n')]],
    [
      'out of a paragraph, without empty lines',
      'Run:\n```sh\nls\n```\nDone.',
      [markdown('Run:'), code('sh', 'ls'), markdown('Done.')],
    ],
  ])('%s', (_how, text, blocks) => expect(splitBlocks(text)).toEqual(blocks));
});

test('a list ends where a paragraph follows', () => {
  expect(splitBlocks('- One\n\n- Two\n\nAfter.\n\n- New')).toEqual([
    markdown('- One\n\n- Two\n'),
    markdown('After.\n'),
    markdown('- New'),
  ]);
});

test('earlier blocks stay the same for every token that follows', () => {
  const text = '# Title\n\nA paragraph.\n```js\nlet a;\n\nlet b;\n```\n\n- x\n\n- y\n\nEnd of it.';
  const whole = splitBlocks(text);
  expect(whole).toHaveLength(5);
  for (let length = 1; length <= text.length; length += 1) {
    const soFar = splitBlocks(text.slice(0, length)).slice(0, -1);
    expect(soFar.map(trimmed)).toEqual(whole.slice(0, soFar.length).map(trimmed));
  }
});

function trimmed(block: Block): string {
  return block.kind === 'code' ? block.code : block.text.trimEnd();
}

describe('lists and quotations in one another', () => {
  const nested = (depth: number) => Array.from({ length: depth }, (_, level) => `${'  '.repeat(level)}- a`);

  test.each([
    ['quotations', '>'.repeat(4000)],
    ['lists', '- '.repeat(3500)],
    ['numbered lists', '1. '.repeat(200)],
    ['both', '> 1. - '.repeat(50)],
    ['longer than a block', '> '.repeat(8000)],
  ])('beyond all sense are not parsed: %s', (_what, line) => {
    expect(splitBlocks(`Before.\n${line} deep\nAfter.`)).toEqual([
      markdown('Before.'),
      { kind: 'plain', text: `${line} deep` },
      markdown('After.'),
    ]);
  });

  test('over many lines neither', () => {
    const kinds = splitBlocks(nested(120).join('\n')).map(({ kind }) => kind);
    expect(kinds[0]).toBe('markdown');
    expect(kinds.slice(1)).toEqual(Array(20).fill('plain'));
  });

  test.each([
    ['some', '> > - 1. a'],
    ['many', nested(50).join('\n')],
    ['none, but a line', '-'.repeat(300)],
    ['none, but code', `${' '.repeat(300)}x`],
    ['none, but numbers', '1.1.1.1.1.1.'.repeat(30)],
  ])('%s are parsed', (_what, text) => expect(splitBlocks(text)).toEqual([markdown(text)]));
});

describe('a link that is defined in another block is still one', () => {
  test.each([
    ['full', 'See [the guide][1].', '1'],
    ['collapsed', 'See [Guide][].', 'guide'],
    ['shortcut', 'See [Guide].', 'guide'],
    ['folded', 'See [the guide][The\n  GUIDE].', 'the guide'],
    ['folded as sharp s', 'See [STRASSE].', 'straße'],
    ['of an image in a link', '[![An image][one]](https://example.com/)', 'one'],
    ['with brackets in its label', String.raw`See [a\]b].`, String.raw`a\]b`],
  ])('%s', (_how, text, label) => {
    const definition = `[${label}]: https://example.com/`;
    const both = [markdown(`${text}\n\n\n${definition}`), markdown(definition)];
    expect(splitBlocks(`${text}\n\n${definition}`)).toEqual(both);
  });

  test('as its first definition says', () => {
    const [first] = splitBlocks('See [1].\n\n[1]: https://a.example/\n\n[1]: https://b.example/');
    expect(first).toEqual(markdown('See [1].\n\n\n[1]: https://a.example/'));
  });

  test('by the definitions that it names, and no others: a hundred references do not make a thousand', () => {
    const count = 100;
    const numbers = Array.from({ length: count }, (_, number) => number);
    const paragraphs = numbers.map((number) => `Paragraph ${number} says [so][${number}] and [that].`);
    const definitions = numbers.map((number) => `[${number}]: https://example.com/${number}`);
    const text = [...paragraphs, ...definitions].join('\n\n');
    const parsed = splitBlocks(text).map((block) => (block.kind === 'code' ? block.code : block.text));
    expect(parsed[7]).toBe(`${paragraphs[7]}\n\n\n${definitions[7]}`);
    expect(parsed.join('').length).toBeLessThan(text.length * 2);
  });
});

test('a footnote is printed where it stands alone', () => {
  expect(splitBlocks('See[^1].\n\n[^1]: The note.')).toEqual([
    markdown('See[^1].\n'),
    markdown('[^1]: The note.'),
  ]);
});

describe('text without empty lines is cut all the same, and no character is lost', () => {
  test.each([
    ['words', 'word '.repeat(20_000)],
    ['one word', 'x'.repeat(100_000)],
    ['lines', 'a line\n'.repeat(20_000)],
    ['items', '- an item\n'.repeat(20_000)],
  ])('%s', (_what, text) => {
    const texts = splitBlocks(text).map(trimmed);
    const bare = (of: string) => of.replaceAll(/\s/g, '');
    expect(bare(texts.join('')) === bare(text)).toBe(true);
    expect(texts.length).toBeGreaterThan(5);
    expect(Math.max(...texts.map(({ length }) => length))).toBeLessThan(10_000);
  });
});
