/** How often a model that calls tools is asked to go on, on both pages. */

/** How many times the results of tools are posted for one message of the reader's. */
export const MAX_ROUNDS = 8;

/** What the reader is told where the model calls tools beyond that. */
export const OUT_OF_ROUNDS = `The model called tools ${MAX_ROUNDS + 1} times in a row, so the page stopped. Send a message to let it go on, or press Retry.`;
