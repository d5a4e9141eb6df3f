"""Reading text in pictures: PP-OCR's small networks, as the package `rapidocr` carries them.

The networks find lines of text in a picture and read them, one line at a time. Their files travel inside
the package; nothing is ever fetched. They run on one thread, and the same picture gives the same answer.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from momentidx.errors import MomentidxError

Quad = NDArray[np.float32]
"""(4, 2) corners of a line of text, x and y in pixels: first the one where reading begins, then clockwise."""

FINDS, BELIEVES = 0.2, 0.35
"""Probabilities from which a pixel, and a line as a whole, is text; low, since what cannot be read is dropped."""
NOTHING_IS_SENT = {"ORT_DISABLE_TELEMETRY": "1", "ORT_TELEMETRY_DISABLED": "1"}
"""ONNX Runtime reports its use to its maker, and keeps a number of the user, unless told not to before it is loaded."""
UPRIGHT = 1.5
"""Height over width from which a line is written from top to bottom and is turned for reading."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a line says."""

    text: str
    score: float
    """Mean probability of its characters, 0 to 1."""


def can_read() -> bool:
    """Whether what `Reader` needs is installed (the extra `ocr`). Loads nothing."""
    return all(find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))


class Reader:
    """Finds and reads lines of text. Raises MomentidxError where the networks are not there."""

    def __init__(self) -> None:
        os.environ.update(NOTHING_IS_SENT)
        try:
            import rapidocr

            self.version = f"ocr{version('rapidocr')}"
        except (ImportError, PackageNotFoundError) as error:
            raise MomentidxError("Reading text needs another package: pip install 'momentidx[ocr]'.") from error
        folder = Path(rapidocr.__file__).parent / "models"
        # Named outright: a file that is not there would be fetched.
        finds, reads = (_carried(folder, f"*_{part}_*.onnx") for part in ("det", "rec"))
        logging.getLogger("RapidOCR").disabled = True  # it says on every picture without text that there is none
        self._engine: Any = rapidocr.RapidOCR(
            params={
                "Global.log_level": "critical",
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                "Det.model_path": str(finds),
                "Det.limit_type": "max",  # pictures are looked at in the size they come in
                "Det.limit_side_len": 2048,
                "Det.thresh": FINDS,
                "Det.box_thresh": BELIEVES,
                "Rec.model_path": str(reads),
            }
        )

    def find(self, picture: NDArray[np.uint8]) -> list[Quad]:
        """The lines of one (H, W, 3) RGB picture, from top to bottom."""
        found = self._engine(_bgr(picture), use_det=True, use_cls=False, use_rec=False)
        return [] if found.boxes is None else [np.asarray(quad, np.float32) for quad in found.boxes]

    def read(self, picture: NDArray[np.uint8], quads: Sequence[Quad]) -> list[Reading]:
        """What each line of one (H, W, 3) RGB picture says."""
        return [self._line(straightened(picture, quad)) for quad in quads]

    def _line(self, strip: NDArray[np.uint8]) -> Reading:
        found = self._engine(_bgr(strip), use_det=False, use_cls=False, use_rec=True)
        if not found.txts:
            return Reading("", 0.0)
        return Reading(str(found.txts[0]).strip(), round(float(found.scores[0]), 4))


def straightened(picture: NDArray[np.uint8], quad: Quad) -> NDArray[np.uint8]:
    """The (h, w, 3) part of the picture inside the quad, turned so that its line runs to the right."""
    across = max(np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[2] - quad[3]))
    along = max(np.linalg.norm(quad[3] - quad[0]), np.linalg.norm(quad[2] - quad[1]))
    width, height = max(4, round(float(across))), max(4, round(float(along)))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(np.asarray(quad, np.float32), corners)
    strip = cv2.warpPerspective(
        picture, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(np.rot90(strip) if height >= UPRIGHT * width else strip, np.uint8)


def _carried(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if not found:
        raise MomentidxError(
            f"{folder} has no {pattern}, so text cannot be read. Install it again: "
            "pip install --force-reinstall 'momentidx[ocr]'."
        )
    return found[0]


def _bgr(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(picture[..., ::-1])
