"""Laws of the server token."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoal.access.tokens import FILE, Tokens, generate, load
from shoal.base.errors import InvalidSetting


def test_a_generated_token_opens_and_nothing_else_does(tmp_path: Path) -> None:
    token = generate(tmp_path)
    tokens = load(tmp_path)
    assert tokens.open_to(token)
    assert not any(tokens.open_to(other) for other in ("", token[:-1], token + "x", token.upper(), "\udc80"))


def test_only_the_hash_is_kept_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    token = generate(tmp_path)
    kept = tmp_path / FILE
    assert token not in kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_new_token_replaces_the_one_before(tmp_path: Path) -> None:
    before, after = generate(tmp_path), generate(tmp_path)
    assert before != after
    assert load(tmp_path).open_to(after)
    assert not load(tmp_path).open_to(before)


def test_a_token_from_the_settings_counts_beside_the_generated_one(tmp_path: Path) -> None:
    generated, given = generate(tmp_path), "a-token-of-the-operator"
    tokens = load(tmp_path, given)
    assert tokens.open_to(generated)
    assert tokens.open_to(given)


def test_without_any_token_nothing_opens(tmp_path: Path) -> None:
    assert not load(tmp_path)
    assert not Tokens().open_to("")


def test_a_short_token_and_a_damaged_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="it needs 20"):
        load(tmp_path, "secret")
    (tmp_path / FILE).write_text("not a hash")
    with pytest.raises(InvalidSetting, match="does not hold the hash"):
        load(tmp_path)
