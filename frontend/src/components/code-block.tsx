/** Code in an answer: its language, and a button that copies it. */
import { isValidElement, type ReactNode } from 'react';
import { CopyButton } from './copy-button.tsx';

export function CodeBlock({ children }: { children?: ReactNode }) {
  const props = isValidElement<{ className?: string; children?: ReactNode }>(children) ? children.props : {};
  const language = /language-(\S+)/.exec(props.className ?? '')?.[1];
  const code = typeof props.children === 'string' ? props.children.replace(/\n$/, '') : '';
  return (
    <figure className="code">
      <figcaption>
        <span>{language ?? 'text'}</span>
        <CopyButton text={code} label="Copy code" />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1) */}
      <pre tabIndex={0}>
        <code>{code}</code>
      </pre>
    </figure>
  );
}
