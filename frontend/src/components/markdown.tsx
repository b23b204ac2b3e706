/** A model's Markdown: no raw HTML, safe links, code to copy, and only what changed is parsed anew. */
import { memo } from 'react';
import ReactMarkdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';
import { splitBlocks } from '../chat/blocks.ts';
import { CodeBlock } from './code-block.tsx';

const PLUGINS = [remarkGfm];

const COMPONENTS: Components = {
  a: ({ node: _node, children, ...rest }) => (
    <a {...rest} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  ),
  // An address in an answer is fetched by nobody who did not ask: an image's address may carry words of the conversation.
  img: ({ src, alt }) =>
    typeof src === 'string' && src ? (
      <a href={src} target="_blank" rel="noopener noreferrer nofollow">
        {alt || src}
      </a>
    ) : null,
  pre: ({ node: _node, children }) => <CodeBlock>{children}</CodeBlock>,
  // A wide table scrolls by itself, by keyboard as well.
  table: ({ node: _node, ...rest }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section className="table" aria-label="Table" tabIndex={0}>
      <table {...rest} />
    </section>
  ),
};

const Block = memo(function Block({ text }: { text: string }) {
  return (
    <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS}>
      {text}
    </ReactMarkdown>
  );
});

export const Markdown = memo(function Markdown({ text }: { text: string }) {
  return (
    <div className="prose">
      {splitBlocks(text).map((block, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: blocks only ever grow at the end, so the index is their identity
        <Block key={index} text={block} />
      ))}
    </div>
  );
});
