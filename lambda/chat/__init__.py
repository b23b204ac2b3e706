"""The chat function: an event in, a stream of an AI SDK protocol out."""
