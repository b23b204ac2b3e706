/** Files of a message or of a draft: images as pictures, the rest by name. */
import type { ShownFile } from '../chat/conversation.ts';

export function File({ file }: { file: ShownFile }) {
  const name = file.name ?? file.mediaType;
  // Only data of an image goes into the page: another address would be fetched without the reader's asking.
  if (/^data:image\/(png|jpeg|gif|webp)[;,]/i.test(file.url)) {
    return <img className="file" src={file.url} alt={name} />;
  }
  return (
    <span className="file named">
      <FileIcon /> {name}
    </span>
  );
}

function FileIcon() {
  return (
    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" fill="none" stroke="currentColor">
      <path d="M4 1.5h5l3 3v10H4z M9 1.5v3h3" />
    </svg>
  );
}

interface DraftProps {
  files: ShownFile[];
  onRemove: (index: number) => void;
}

export function DraftFiles({ files, onRemove }: DraftProps) {
  if (!files.length) return null;
  return (
    <ul className="draft-files" aria-label="Attached files">
      {files.map((file, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the same file may be attached twice, and has no other identity
        <li key={index}>
          <File file={file} />
          <button type="button" onClick={() => onRemove(index)} aria-label={`Remove ${file.name ?? 'file'}`}>
            ×
          </button>
        </li>
      ))}
    </ul>
  );
}
