"""Annotation files, read or refused with a sentence."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from momentidx.errors import WrongUse


@contextmanager
def reading(path: Path, expected: str) -> Iterator[None]:
    """What goes wrong while `path` is read and taken apart becomes WrongUse; `expected` describes the format."""
    try:
        yield
    except OSError as error:
        raise WrongUse(f"{path}: cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise WrongUse(f"{path}: not the expected format. Expected {expected}.") from error


def read_json(path: Path) -> Any:
    with path.open(encoding="utf-8") as file:
        return json.load(file)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
