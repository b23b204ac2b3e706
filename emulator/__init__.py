"""A local Lambda that really streams: the Runtime API behind, four fronts before it.

Function URL, Invoke, InvokeWithResponseStream, and a REST API of API Gateway.

`python -m emulator` runs the function of this repository, or any command that speaks the Runtime API.
Nothing is buffered on the way: a chunk that the function sends is with the client at once.
"""
