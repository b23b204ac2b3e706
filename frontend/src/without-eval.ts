/** Keeps zod, with which ai@7 reads a stream, from compiling its checks: the page's policy allows no eval.
 *
 * zod tries whether it may (`allowsEval`), and the try itself is a violation that browsers report. It looks at this setting
 * when a schema is made, so this module comes before those that make any.
 */
import { config } from 'zod/v4/core';

config({ jitless: true });
