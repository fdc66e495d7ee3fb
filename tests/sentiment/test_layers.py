"""Which layer is used, which version a name means, and what happens when the two do not fit."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from sentiment import layers
from sentiment.layer import Layer
from sentiment.layer_make import make, prepare
from sentiment.layers import CurrentScorer, current, install, listing, use
from sentiment.scorer import Scorer
from sentiment.scorers import load_scorer
from sentiment.scorers.layered import LayeredScorer
from tests.sentiment.domain import Blind, corrections, public
from tests.sentiment.test_scorers import WILD, assert_sound
from tingfeng.errors import ScoringError, UnknownName

BLIND = "tests.sentiment.domain:Blind"


class Newer(Blind):
    version = "2"


NEWER = "tests.sentiment.test_layers:Newer"


def made(start: int = 0) -> Layer:
    return make(Blind(), prepare(Blind(), corrections(start=start)), prepare(Blind(), public()))


@pytest.fixture(scope="module")
def first() -> Layer:
    return made()


@pytest.fixture(scope="module")
def second() -> Layer:
    return made(start=1)


@pytest.fixture
def folder(tmp_path: Path, first: Layer, second: Layer) -> Path:
    """Two layers, the second one current."""
    path = layers.folder_of(tmp_path)
    install(path, first)
    install(path, second)
    return path


def test_the_current_layer_is_used(folder: Path, second: Layer) -> None:
    scorer = load_scorer(BLIND, layers=folder)
    assert (scorer.name, scorer.version) == ("blind", f"1+{second.digest}")
    assert load_scorer(BLIND).version == "1"
    assert load_scorer(BLIND, layers=folder.parent / "none").version == "1"


def test_every_version_stays_addressable(folder: Path, first: Layer, second: Layer) -> None:
    for wanted, version in (
        ("base", "1"),
        ("1", "1"),  # as scores carry it
        (first.digest, f"1+{first.digest}"),
        (f"1+{first.digest}", f"1+{first.digest}"),
        (second.digest, f"1+{second.digest}"),
    ):
        assert load_scorer(f"{BLIND}@{wanted}", layers=folder).version == version
    assert load_scorer(f"{BLIND}@base").version == "1"
    assert load_scorer("bayes@base").name == "bayes"


def test_going_back_and_forth(folder: Path, first: Layer, second: Layer) -> None:
    use(folder, "base")
    assert current(folder) == "base"
    assert load_scorer(BLIND, layers=folder).version == "1"
    use(folder, first.digest)
    assert load_scorer(BLIND, layers=folder).version == f"1+{first.digest}"
    assert {(x.digest, x.current) for x in listing(folder)} == {(first.digest, True), (second.digest, False)}
    assert {x.base for x in listing(folder)} == {"blind 1"}


def test_an_unknown_version_names_the_known(folder: Path, first: Layer) -> None:
    mistyped = first.digest[:-1] + "x"
    with pytest.raises(UnknownName, match=f"did you mean '{first.digest}'"):
        use(folder, mistyped)
    with pytest.raises(UnknownName, match=f"did you mean 'blind@{first.digest}'.*known: blind@base, blind@"):
        load_scorer(f"{BLIND}@{mistyped}", layers=folder)
    with pytest.raises(UnknownName, match="did you mean 'bayes@base'"):
        load_scorer("bayes@12345678")


@pytest.mark.parametrize("hostile", ["../current", "..", "/etc/passwd", "a/../b", "\x00"])
def test_a_version_is_no_path(folder: Path, hostile: str) -> None:
    with pytest.raises(UnknownName):
        use(folder, hostile)
    with pytest.raises(UnknownName):
        load_scorer(f"{BLIND}@{hostile}", layers=folder)


def test_a_layer_for_another_version_is_not_used(folder: Path, second: Layer, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert load_scorer(NEWER, layers=folder).version == "2"
    assert "tingfeng sentiment learn" in caplog.text
    with pytest.raises(ScoringError, match="was made for blind 1, not blind 2"):
        load_scorer(f"{NEWER}@{second.digest}", layers=folder)


def test_a_damaged_current_layer_is_told_not_passed_over(folder: Path, second: Layer) -> None:
    (folder / f"{second.digest}.npz").write_bytes(b"?")
    with pytest.raises(ScoringError, match="learn --use base"):
        load_scorer(BLIND, layers=folder)
    assert [bool(x.problem) for x in listing(folder) if x.current] == [True]
    with pytest.raises(ScoringError, match="damaged"):
        use(folder, second.digest)
    use(folder, "base")
    assert load_scorer(BLIND, layers=folder).version == "1"


@pytest.mark.parametrize(
    ("why", "content", "want"), [("emptied", b"\n", "base"), ("not ASCII", b"\xff\xfe", None), ("blank", b"", "base")]
)
def test_a_strange_pointer(folder: Path, why: str, content: bytes, want: str | None) -> None:
    (folder / "current").write_bytes(content)
    if want is None:
        with pytest.raises(ScoringError, match="learn --use base"):
            current(folder)
    else:
        assert current(folder) == want


def test_a_pointer_to_nothing(folder: Path) -> None:
    (folder / "current").write_text("12345678\n")
    with pytest.raises(ScoringError, match="no layer"):
        load_scorer(BLIND, layers=folder)


def test_a_killed_installer_leaves_the_old_layer(
    folder: Path, first: Layer, second: Layer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise InterruptedError

    use(folder, first.digest)
    monkeypatch.setattr(layers, "write_whole", killed)
    with pytest.raises(InterruptedError):
        install(folder, second)
    assert current(folder) == first.digest


def test_a_daemon_takes_up_another_layer(folder: Path, first: Layer, second: Layer) -> None:
    loads: list[int] = []

    def load() -> Scorer:
        loads.append(1)
        return load_scorer(BLIND, layers=folder)

    scorer = CurrentScorer(load, folder)
    assert scorer.get().version == scorer.get().version == f"1+{second.digest}"
    assert len(loads) == 1
    use(folder, first.digest)
    assert scorer.get().version == f"1+{first.digest}"
    assert len(loads) == 2


def test_the_layered_scorer_keeps_the_contract_of_scorers(first: Layer) -> None:
    scorer = LayeredScorer(Blind(), first)
    texts = [text for _, text in WILD]
    assert scorer.score([]) == []
    for verdict in scorer.score(texts):
        assert_sound(verdict)
    assert scorer.score(texts[:9]) == [scorer.score([text])[0] for text in texts[:9]]


class Person(Blind):
    name = "person"


def test_no_scorer_may_pose_as_a_person() -> None:
    with pytest.raises(ScoringError, match="calls itself 'person'"):
        load_scorer("tests.sentiment.test_layers:Person")
