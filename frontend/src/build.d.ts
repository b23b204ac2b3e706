/** What vite.config.ts puts into the page when it is served or built. */

/** The address that is posted to. */
declare const __API__: string;
/** Where that address leads, for the reader; null where only the page's own server knows. */
declare const __ENDPOINT__: string | null;
/** Bytes of the largest body that the endpoint takes (its CHAT_MAX_BODY_BYTES). */
declare const __MAX_BODY_BYTES__: number;
