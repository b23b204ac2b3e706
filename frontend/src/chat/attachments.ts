/** Files of the reader's as data URLs that the endpoint takes: its types, and small enough for a request's body. */
import type { ShownFile } from './conversation.ts';

/** Binary types that the endpoint takes by default (its CHAT_ATTACHMENT_TYPES); of text it takes all. */
const BINARY_TYPES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'application/pdf'];
/** Endings of names whose files are text, where the system knows no type or calls it another than text. */
const TEXT_ENDINGS = (
  'txt md markdown rst adoc org tex log csv tsv json jsonl ndjson geojson ipynb xml html htm svg css scss yaml yml toml ini cfg conf ' +
  'env properties sql graphql proto tf sh bash zsh ps1 bat py pyi js mjs cjs jsx ts mts cts tsx vue svelte c h cc cpp hpp ' +
  'cs java kt swift go rs rb php pl lua r jl scala ex exs hs clj diff patch srt vtt'
).split(' ');
/** Types that are text though they are not called so. */
const TEXT_TYPES =
  /^(text\/.+|application\/((.+\+)?(json|xml|yaml)|(x-)?(javascript|ndjson|sh|sql|toml|yaml))|image\/svg\+xml)$/;
/** What the file picker offers first. */
export const ACCEPTED = [...BINARY_TYPES, 'text/*', ...TEXT_ENDINGS.map((ending) => `.${ending}`)].join(',');
/** An image beyond so many bytes is made smaller: a photograph of a telephone is ten times a body's limit. */
const LARGEST_IMAGE = 110_000;
const IMAGE_EDGES = [1536, 1024, 768, 512];
const JPEG_QUALITY = 0.8;
/** What a request's body has beside its messages: tools, ids, names. */
const BODY_REST = 4_096;

/** A file that cannot be attached; the message is a sentence for the reader. */
export class AttachmentError extends Error {
  override name = 'AttachmentError';
}

/** Read a file.
 *
 * @throws AttachmentError where it is empty, or neither of a known type nor text.
 */
export async function readAttachment(file: File): Promise<ShownFile> {
  if (file.size === 0) throw new AttachmentError(`${file.name} is empty.`);
  if (!BINARY_TYPES.includes(file.type)) {
    if (isText(file)) return await readText(file);
    throw notAttachable(file);
  }
  const image = file.type.startsWith('image/') && file.size > LARGEST_IMAGE ? await smaller(file) : file;
  return { url: await dataUrl(image), mediaType: image.type, name: file.name };
}

/** By name and type; by its content alone, a small archive may pass for text.
 *
 * A name without an ending (Makefile, LICENSE, .gitignore) says nothing, and a type that is none neither: then the
 * content tells.
 */
export function isText({ name, type }: Pick<File, 'name' | 'type'>): boolean {
  const essence = type.split(';', 1)[0] ?? '';
  if (TEXT_TYPES.test(essence)) return true;
  const ending = /[^.]\.([^.]+)$/.exec(name)?.[1]?.toLowerCase();
  if (ending !== undefined) return TEXT_ENDINGS.includes(ending);
  return essence === '' || essence === 'application/octet-stream';
}

function notAttachable({ name }: File): AttachmentError {
  return new AttachmentError(`${name} cannot be attached: images (PNG, JPEG, GIF, WebP), PDF and text can.`);
}

async function readText(file: File): Promise<ShownFile> {
  const bytes = await file.arrayBuffer();
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // Bytes that no text has, though UTF-8 allows them.
    if (text.includes('\0')) throw new TypeError('NUL');
  } catch {
    throw notAttachable(file);
  }
  const mediaType = /^text\/[\w.+-]+$/.test(file.type) ? file.type : 'text/plain';
  return { url: await dataUrl(new Blob([bytes], { type: mediaType })), mediaType, name: file.name };
}

/** The image as JPEG, in the largest of some sizes that fits; as it is where the browser cannot draw it. */
async function smaller(file: File): Promise<Blob> {
  let image: ImageBitmap;
  try {
    image = await createImageBitmap(file);
  } catch {
    throw new AttachmentError(`${file.name} cannot be read as an image.`);
  }
  let made: Blob = file;
  for (const edge of IMAGE_EDGES) {
    const scale = Math.min(1, edge / Math.max(image.width, image.height));
    const canvas = new OffscreenCanvas(
      Math.max(1, Math.round(image.width * scale)),
      Math.max(1, Math.round(image.height * scale)),
    );
    const context = canvas.getContext('2d');
    if (!context) break;
    // JPEG knows no transparency; what shone through would become black.
    context.fillStyle = '#fff';
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    made = await canvas.convertToBlob({ type: 'image/jpeg', quality: JPEG_QUALITY });
    if (made.size <= LARGEST_IMAGE) break;
  }
  image.close();
  return made;
}

function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(new AttachmentError('The file could not be read.'));
    reader.readAsDataURL(blob);
  });
}

/** Why a message would not fit into a request's body, or undefined where it does.
 *
 * @param history bytes of the messages before it, all of which are posted again.
 * @param limit bytes of the largest body that the endpoint takes.
 */
export function tooLarge(
  text: string,
  files: ShownFile[],
  history: number,
  limit: number,
): string | undefined {
  const own = new Blob([JSON.stringify({ text, files })]).size;
  if (own + history + BODY_REST <= limit) return undefined;
  const allowed = `the endpoint takes ${Math.floor(limit / 1000)} kB in a request`;
  if (own + BODY_REST > limit) return `This message has ${kilobytes(own)}; ${allowed}. Leave something out.`;
  return `With this message the conversation has ${kilobytes(own + history)}; ${allowed}. Begin a new chat or leave something out.`;
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1000)} kB`;
}
