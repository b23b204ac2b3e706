/** The conversation of this tab, kept over a reload and gone with the tab. */

/** What was kept under a name; `fallback` where there is nothing, or nothing readable. */
export function readKept<T>(name: string, fallback: T): T {
  try {
    const text = sessionStorage.getItem(name);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

/** Keep a value; a conversation that is larger than the browser's quota is not kept, and an older state of it neither. */
export function keep(name: string, value: unknown): void {
  try {
    sessionStorage.removeItem(name);
    sessionStorage.setItem(name, JSON.stringify(value));
  } catch {
    // Full, or forbidden by the reader's settings: the page works on without it.
  }
}

export function forget(name: string): void {
  try {
    sessionStorage.removeItem(name);
  } catch {
    // Forbidden: then nothing was kept either.
  }
}
