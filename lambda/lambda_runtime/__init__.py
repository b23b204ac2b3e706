"""A Lambda runtime for Python that streams responses. Standard library only; see README.md beside this file."""

from lambda_runtime.context import LambdaContext
from lambda_runtime.errors import InvalidStreamingOperation, StreamClosed
from lambda_runtime.handlers import raw_event, streamify_response
from lambda_runtime.initialization import on_init
from lambda_runtime.shutdown import on_shutdown
from lambda_runtime.stream import BlockingResponseStream, HttpResponseStream, ResponseStream

__all__ = [
    "BlockingResponseStream",
    "HttpResponseStream",
    "InvalidStreamingOperation",
    "LambdaContext",
    "ResponseStream",
    "StreamClosed",
    "on_init",
    "on_shutdown",
    "raw_event",
    "streamify_response",
]
