"""`make smoke`: posts a chat to a deployed or local endpoint, and tells whether its answer really streams."""
