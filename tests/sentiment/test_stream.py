"""The contract of `tingfeng sentiment score`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment import stream
from sentiment.scorers.tingfeng import TingfengScorer
from sentiment.stream import render, score_stream
from tingfeng.errors import ScoringError
from tingfeng.model import Verdict


class Echo:
    """Remembers what it was asked, and leans by the length of the text."""

    name = "echo"
    version = "1"

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def score(self, texts: Sequence[str]) -> list[Verdict]:
        from tests.support.factories import make_verdict

        self.batches.append(list(texts))
        return [make_verdict(polarity=float(len(text))) for text in texts]

    @property
    def texts(self) -> list[str]:
        return [text for batch in self.batches for text in batch]


def reader(*pieces: bytes) -> Callable[[int], bytes]:
    left = iter(pieces)
    return lambda _: next(left, b"")


def run(*pieces: bytes) -> tuple[Echo, list[bytes], str]:
    """What was asked, what was written, what went wrong."""
    echo, written, problem = Echo(), list[bytes](), ""
    try:
        score_stream(reader(*pieces), written.append, echo)
    except ScoringError as e:
        problem = str(e)
    return echo, written, problem


@pytest.mark.parametrize(
    ("why", "data", "texts"),
    [
        ("two lines", b'{"text": "a"}\n{"text": "b"}\n', ["a", "b"]),
        ("no line feed at the end", b'{"text": "a"}\n{"text": "b"}', ["a", "b"]),
        ("a byte order mark", b'\xef\xbb\xbf{"text": "a"}\n', ["a"]),
        ("a byte order mark on an unfinished line", b'\xef\xbb\xbf{"text": "a"}', ["a"]),
        ("CR LF", b'{"text": "a"}\r\n{"text": "b"}\r\n', ["a", "b"]),
        ("empty lines at the end", b'{"text": "a"}\n\n \n', ["a"]),
        ("other keys, in any order", b'{"id": 7, "text": "a", "x": {"text": 1}}\n', ["a"]),
        ("Chinese as it is and escaped", '{"text": "好"}\n{"text": "\\u597d"}\n'.encode(), ["好", "好"]),
        ("half a surrogate pair", b'{"text": "\\ud83d"}\n', ["\ud83d"]),
        ("separators that are no line feeds", '{"text": "a\u2028b\x85"}\n'.encode(), ["a\u2028b\x85"]),
        ("an empty text", b'{"text": ""}\n', [""]),
        ("nothing", b"", []),
    ],
)
def test_every_line_is_answered(why: str, data: bytes, texts: list[str]) -> None:
    echo, written, problem = run(data)
    assert (echo.texts, problem) == (texts, ""), why
    assert b"".join(written).count(b"\n") == len(texts)


@pytest.mark.parametrize(
    ("why", "line", "says"),
    [
        ("not JSON", b"text", "line 3: not JSON"),
        ("half an object", b'{"text": "a"', "line 3: not JSON"),
        ("two objects", b'{"text": "a"}{"text": "b"}', "line 3: not JSON"),
        ("a number of 5,000 digits", b'{"text": "a", "n": ' + b"9" * 5000 + b"}", "line 3: not JSON"),
        ("nested without end", b"[" * 100_000, "line 3: not JSON"),
        ("not UTF-8", '{"text": "好"}'.encode("gbk"), "line 3: not UTF-8"),
        ("no text", b'{"txt": "a"}', 'line 3: expected {"text"'),
        ("text is null", b'{"text": null}', 'line 3: expected {"text"'),
        ("text is a number", b'{"text": 3}', 'line 3: expected {"text"'),
        ("a bare string", b'"a"', 'line 3: expected {"text"'),
        ("an empty line before more", b"", "line 3: empty"),
        ("a byte order mark in the middle", b'\xef\xbb\xbf{"text": "a"}', "line 3: not JSON"),
    ],
)
def test_a_bad_line_is_named_after_all_before_it_are_answered(why: str, line: bytes, says: str) -> None:
    echo, written, problem = run(b'{"text": "a"}\n{"text": "b"}\n' + line + b'\n{"text": "c"}\n')
    assert problem.startswith(says), why
    assert echo.texts == ["a", "b"]
    assert b"".join(written).count(b"\n") == 2


@given(st.lists(st.text(max_size=5), max_size=12), st.data())
def test_however_the_bytes_arrive(texts: list[str], data: st.DataObject) -> None:
    whole = "".join(json.dumps({"text": t}, ensure_ascii=False) + "\n" for t in texts).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    echo, _, problem = run(*(piece for piece in pieces if piece))
    assert (echo.texts, problem) == (texts, "")


def test_what_has_arrived_is_answered_at_once() -> None:
    echo, written, _ = run(b'{"text": "a"}\n{"te', b'xt": "b"}\n', b'{"text": "c"}\n')
    assert echo.batches == [["a"], ["b"], ["c"]]
    assert len(written) == 3


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LONGEST", 1000)
    _, _, problem = run(b'{"text": "a"}\n', *[b"a" * 300] * 1000)
    assert problem.startswith("line 2: longer than")


@given(
    st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 4),
)
def test_lines_are_what_json_would_write(numbers: tuple[float, float, float, float]) -> None:
    from tests.support.factories import make_verdict

    polarity, negative, neutral, positive = numbers
    verdict = make_verdict(polarity=polarity, negative=negative, neutral=neutral, positive=positive)
    assert render(verdict) == json.dumps(verdict.as_json()) + "\n"


def command(*options: str, data: bytes, **environ: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "commands", "sentiment", "score", *options],
        input=data,
        capture_output=True,
        env={"PATH": "/usr/bin:/bin", **environ},
        check=False,
        timeout=60,
    )


def test_the_command(tingfeng: TingfengScorer) -> None:
    texts = ["客服太差了，再也不买", "公司发布公告", "很满意", ""]
    data = "".join(json.dumps({"text": t}, ensure_ascii=False) + "\n" for t in texts).encode()
    done = command(data=data, LC_ALL="C", PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (0, b"")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert answers == [verdict.as_json() for verdict in tingfeng.score(texts)]
    assert [set(a) for a in answers] == [{"polarity", "label", "probabilities"}] * 4
    assert [a["label"] for a in answers] == [-1, 0, 1, 0]


def test_the_command_stops_at_a_bad_line() -> None:
    done = command(data='{"text": "好"}\n{"text": 5}\n{"text": "好"}\n'.encode())
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 1
    assert b"line 2" in done.stderr
    assert b"Traceback" not in done.stderr


def test_the_command_names_an_unknown_scorer() -> None:
    done = command("--scorer", "bayse", data=b"")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"bayes" in done.stderr


def test_the_command_answers_before_the_input_ends() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "commands", "sentiment", "score"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin and process.stdout
        for _ in range(2):
            process.stdin.write('{"text": "很好"}\n'.encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["label"] == 1
        process.stdin.close()
        assert process.wait(30) == 0


def test_a_reader_that_leaves_is_no_crash() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "commands", "sentiment", "score"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdout.close()
        process.stdin.write(b'{"text": "a"}\n')
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 1
