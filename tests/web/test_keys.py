"""Tokens, sessions and login codes, by a clock that the test turns; and the file that tells where a server is."""

import json
import os
from pathlib import Path

import pytest

from momentidx.config import Settings, Sources, load_settings
from momentidx.errors import LibraryBusy, LibraryError, WrongUse
from momentidx.web.keys import (
    CODE_SECONDS,
    ENDED_FILE,
    MOST_CODES,
    SESSION_SECONDS,
    TOKEN_FILE,
    Ended,
    Keys,
    load_token,
)
from momentidx.web.listening import bind, check, url_of
from momentidx.web.runfile import RUN_FILE, Address, published, running

TOKEN = "the-token-of-this-test-is-long-enough"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_code_is_good_once_and_for_a_minute() -> None:
    clock = Clock()
    keys = Keys(TOKEN, clock)
    code, late = keys.code(), keys.code()
    assert [keys.redeem(code), keys.redeem(code), keys.redeem("")] == [True, False, False]
    clock.now += CODE_SECONDS + 1
    assert not keys.redeem(late)


def test_codes_that_nobody_uses_do_not_pile_up() -> None:
    keys = Keys(TOKEN)
    codes = [keys.code() for _ in range(MOST_CODES + 1)]
    assert [keys.redeem(codes[0]), keys.redeem(codes[-1])] == [False, True]


def test_a_session_outlives_a_restart_but_not_its_time_nor_another_token() -> None:
    clock = Clock()
    session = Keys(TOKEN, clock).session()
    assert Keys(TOKEN, clock).is_session(session)
    assert not Keys(TOKEN + "x", clock).is_session(session)
    made, _, rest = session.partition(".")
    assert not Keys(TOKEN, clock).is_session(f"{int(made) + 1}.{rest}")
    for other in ("", ".", "..", "x", session + "0", session[:-1], "é" * 20, "9" * 5000):
        assert not Keys(TOKEN, clock).is_session(other)
    clock.now += SESSION_SECONDS + 1
    assert not Keys(TOKEN, clock).is_session(session)


def test_a_session_that_was_ended_stays_ended_and_others_go_on(tmp_path: Path) -> None:
    clock = Clock()
    keys = Keys(TOKEN, clock, Ended(tmp_path, clock))
    stolen, other = keys.session(), keys.session()
    keys.end(stolen)
    keys.end("no session")
    again = Keys(TOKEN, clock, Ended(tmp_path, clock))  # after a restart
    assert [each.is_session(one) for each in (keys, again) for one in (stolen, other)] == [False, True, False, True]
    assert (tmp_path / ENDED_FILE).stat().st_mode & 0o777 == 0o600
    clock.now += SESSION_SECONDS + 1
    last = again.session()
    again.end(last)
    assert list(json.loads((tmp_path / ENDED_FILE).read_text())["ended"]) == [last.split(".")[1]]


def test_all_sessions_end_at_once_and_new_ones_begin(tmp_path: Path) -> None:
    clock = Clock()
    keys = Keys(TOKEN, clock, Ended(tmp_path, clock))
    former = [keys.session(), keys.session()]
    assert keys.ended is not None
    keys.ended.end_all()
    new = keys.session()  # within the same millisecond
    again = Keys(TOKEN, clock, Ended(tmp_path, clock))
    for each in (keys, again):
        assert [each.is_session(one) for one in (*former, new)] == [False, False, True]


@pytest.mark.parametrize("kept", ["", "[]", '{"before": null, "ended": {}}', '{"before": 0, "ended": []}', "\0"])
def test_where_it_is_not_known_which_sessions_were_ended_all_were(tmp_path: Path, kept: str) -> None:
    clock = Clock()
    session = Keys(TOKEN, clock).session()
    (tmp_path / ENDED_FILE).write_text(kept)
    keys = Keys(TOKEN, clock, Ended(tmp_path, clock))
    assert [keys.is_session(session), keys.is_session(keys.session())] == [False, True]


def test_each_library_has_a_cookie_of_its_own() -> None:
    assert Keys(TOKEN).cookie != Keys(TOKEN + "x").cookie


def test_the_token_stays_the_same_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    token = load_token(tmp_path)
    assert len(token) >= 32
    assert load_token(tmp_path) == token
    assert (tmp_path / TOKEN_FILE).stat().st_mode & 0o777 == 0o600


def test_a_token_that_others_could_have_read_is_made_anew(tmp_path: Path) -> None:
    token = load_token(tmp_path)
    (tmp_path / TOKEN_FILE).chmod(0o644)
    again = load_token(tmp_path)
    assert again != token
    assert (tmp_path / TOKEN_FILE).stat().st_mode & 0o777 == 0o600


def test_a_token_file_that_is_none_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / TOKEN_FILE).write_bytes(b"\xff\xfe")
    (tmp_path / TOKEN_FILE).chmod(0o600)
    assert len(load_token(tmp_path)) >= 32


def test_the_run_file_counts_only_while_its_process_runs(tmp_path: Path) -> None:
    address = Address("http://127.0.0.1:7420", TOKEN, os.getpid())
    assert running(tmp_path) is None
    with published(tmp_path, address):
        assert running(tmp_path) == address
        assert (tmp_path / RUN_FILE).stat().st_mode & 0o777 == 0o600
        with pytest.raises(LibraryBusy, match="another process serves"), published(tmp_path, address):
            pass
        assert running(tmp_path) == address
    assert running(tmp_path) is None
    (tmp_path / RUN_FILE).write_text('{"url": "http://127.0.0.1:1", "token": "of a killed process", "pid": 1}')
    assert running(tmp_path) is None
    with pytest.raises(LibraryError, match=r"web\.json cannot be written: "), published(tmp_path / "none", address):
        pass


def sources(folder: Path, **options: object) -> Sources:
    return load_settings(folder, {}, options)


def test_without_names_nothing_listens_where_others_can_reach_it() -> None:
    for address in ("0.0.0.0", "::", "192.168.1.5", "studio.lan"):
        with pytest.raises(WrongUse, match="web_hosts"):
            check(Settings(web_listen=address))
        check(Settings(web_listen=address, web_hosts=("studio.lan",)))
    for address in ("127.0.0.1", "127.9.9.9", "::1", "localhost"):
        check(Settings(web_listen=address))


def test_a_port_that_somebody_chose_is_taken_or_refused(tmp_path: Path) -> None:
    with bind(sources(tmp_path, web_port=0)) as first:
        port = first.getsockname()[1]
        assert url_of(first) == f"http://127.0.0.1:{port}"
        with pytest.raises(WrongUse, match=f"port {port}: nothing can listen there"):
            bind(sources(tmp_path, web_port=port))
        with pytest.raises(WrongUse, match="nothing can listen there"):
            bind(sources(tmp_path, web_listen="192.0.2.1", web_hosts=("x",)))


def test_where_nobody_chose_a_port_a_free_one_does(tmp_path: Path) -> None:
    with bind(sources(tmp_path)) as first, bind(sources(tmp_path)) as second:
        assert first.getsockname()[1] != second.getsockname()[1]
