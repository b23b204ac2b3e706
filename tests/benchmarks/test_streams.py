"""The client of the emulators' benchmark: it must see late, lost and misplaced tokens, or it times nothing."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from benchmarks.answer import Question
from benchmarks.streams import Answer, BrokenStreamError, Received, read

Serve = Callable[[socket.socket], None]
_HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"


def stamp(index: int) -> bytes:
    return b'0:"%d@%d/0;"\n' % (index, time.monotonic_ns())


@pytest.fixture
def served() -> Iterator[Callable[..., str]]:
    """`served(answer, …)`: a URL whose connections are each answered by one of the functions."""
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def one(answer: Serve) -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(_HEAD)
                answer(connection)

        def start(*answers: Serve) -> str:
            for answer in answers:
                threads.append(threading.Thread(target=one, args=(answer,)))
                threads[-1].start()
            return f"http://127.0.0.1:{listening.getsockname()[1]}/"

        yield start
        for thread in threads:
            thread.join()


def test_a_token_in_two_pieces_arrives_with_its_second() -> None:
    received = Received()
    received.take(_HEAD + b'0:"0@1', 10)
    received.take(b'1/0;"\n0:"1@12/0;', 20)
    received.take(b'"\n', 30)
    assert received.tokens(2) == [(11, 20), (12, 20)]


def test_streams_are_read_at_the_same_time(served: Callable[..., str]) -> None:
    """Neither writes its second token before the client has asked both."""
    both = threading.Barrier(2, timeout=10)

    def answer(connection: socket.socket) -> None:
        connection.sendall(stamp(0))
        both.wait()
        connection.sendall(stamp(1))

    answers = read(served(answer, answer), b"{}", Question(events=2), 2)
    assert [len(answer.tokens) for answer in answers] == [2, 2]


@pytest.mark.parametrize("indices", [[0, 1], [0, 2, 1], [0, 1, 1, 2], []])
def test_a_lost_token_and_one_out_of_order_are_refused(
    served: Callable[..., str], indices: list[int]
) -> None:
    url = served(lambda connection: connection.sendall(b"".join(map(stamp, indices))))
    with pytest.raises(BrokenStreamError, match=f"{len(indices)} of 3 tokens"):
        read(url, b"{}", Question(events=3), 1)


def test_a_stream_that_says_nothing_is_given_up(served: Callable[..., str]) -> None:
    over = threading.Event()
    url = served(lambda _: over.wait(10))
    try:
        with pytest.raises(BrokenStreamError, match="Nothing came"):
            read(url, b"{}", Question(events=1), 1, patience=0.01)
    finally:
        over.set()


def test_a_gap_is_what_the_reader_waits_not_what_the_writer_does() -> None:
    answer = Answer(sent=0, tokens=[(10, 20), (30, 90), (50, 95)])
    assert answer.longest_gap == 70
    assert answer.delays == [10, 60, 45]
