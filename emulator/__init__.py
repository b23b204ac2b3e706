"""A local Lambda that really streams: Runtime API behind, Function URL and direct invoke in front.

`python -m emulator` runs the function of this repository, or any command that speaks the Runtime API.
Nothing is buffered on the way: a chunk that the function sends is with the client at once.
"""
