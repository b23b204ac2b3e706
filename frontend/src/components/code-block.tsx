/** Code in an answer: its language, and a button that copies it. */
import { memo } from 'react';
import { CopyButton } from './copy-button.tsx';

interface Props {
  language: string;
  code: string;
}

export const CodeBlock = memo(function CodeBlock({ language, code }: Props) {
  return (
    <figure className="code">
      <figcaption>
        <span>{language || 'text'}</span>
        <CopyButton text={code} label="Copy code" />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1) */}
      <pre tabIndex={0}>
        <code>{code}</code>
      </pre>
    </figure>
  );
});
