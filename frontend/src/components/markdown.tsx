/** A model's Markdown: no raw HTML, safe links, code to copy, and only what changed is parsed anew. */
import { isValidElement, memo, type ReactNode } from 'react';
import ReactMarkdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';
import { type Block, splitBlocks } from '../chat/blocks.ts';
import { Boundary } from './boundary.tsx';
import { CodeBlock } from './code-block.tsx';

interface CodeProps {
  className?: string;
  children?: ReactNode;
}

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
  // Code of its own is cut out before; what comes here is indented, or within a list or a quotation.
  pre: ({ children }) => {
    const { className, children: code } = isValidElement<CodeProps>(children) ? children.props : {};
    const language = /language-(\S+)/.exec(className ?? '')?.[1] ?? '';
    return <CodeBlock language={language} code={typeof code === 'string' ? code.replace(/\n$/, '') : ''} />;
  },
  // A wide table scrolls by itself, by keyboard as well.
  table: ({ node: _node, ...rest }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section className="table" aria-label="Table" tabIndex={0}>
      <table {...rest} />
    </section>
  ),
};

function Plain({ text }: { text: string }) {
  return <p className="plain">{text}</p>;
}

const Prose = memo(function Prose({ text }: { text: string }) {
  return (
    // The parser recurses, so there is text that is too much for it.
    <Boundary fallback={<Plain text={text} />}>
      <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS}>
        {text}
      </ReactMarkdown>
    </Boundary>
  );
});

function Shown(block: Block) {
  switch (block.kind) {
    case 'code':
      return <CodeBlock language={block.language} code={block.code} />;
    case 'markdown':
      return <Prose text={block.text} />;
    case 'plain':
      return <Plain text={block.text} />;
  }
}

export const Markdown = memo(function Markdown({ text }: { text: string }) {
  return (
    <div className="prose">
      {splitBlocks(text).map((block, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: blocks only grow at the end, so the index is their identity
        <Shown key={index} {...block} />
      ))}
    </div>
  );
});
