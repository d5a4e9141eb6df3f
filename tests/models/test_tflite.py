"""The shot log's small networks on real pictures and sounds, as their users install them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from momentidx.caption.shotlog.models import installed
from momentidx.caption.shotlog.named import plain
from momentidx.errors import MomentidxError
from momentidx.models import store as stores
from momentidx.models.store import MODELS, OBJECTS, SOUNDS, Store
from momentidx.models.tflite import SOUND_SAMPLES, Objects, Scenes, Sounds

SHARED = Path(__file__).parents[2].parent / "shared"
MODEL = MODELS["shotlog"]

pytest.importorskip("ai_edge_litert", reason="pip install 'momentidx[shotlog]'")
pytestmark = pytest.mark.skipif(not (SHARED / "models").is_dir(), reason=f"no models in {SHARED / 'models'}")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("models"))
    for file in MODEL.files:
        store.add(SHARED / "models" / file.name)
    return store


def test_installed_models_give_all_three_networks_and_a_version_of_their_own(store: Store, tmp_path: Path) -> None:
    models = installed(store)
    assert (type(models.objects), type(models.scenes), type(models.sounds)) == (Objects, Scenes, Sounds)
    assert models.version == MODEL.version
    assert installed(Store(tmp_path)).version == ""


def test_a_half_installed_model_is_none_and_says_so_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = Store(tmp_path)
    store.add(SHARED / "models" / OBJECTS.name)
    with caplog.at_level("INFO"):
        assert installed(store).objects is None
    assert [record.getMessage() for record in caplog.records] == [
        "The shot log works without its small models (12 MB), which would add named things and sounds: "
        "pip install 'momentidx[shotlog]', then momentidx models pull shotlog."
    ]


def test_a_changed_model_is_refused(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path)
    for file in MODEL.files:
        other.add(store.place(MODEL, file))
    place = other.place(MODEL, SOUNDS)
    content = bytearray(place.read_bytes())
    content[1_000_000] ^= 1
    place.write_bytes(content)
    with pytest.raises(MomentidxError, match="is not the file that it should be"):
        installed(other)


def test_models_without_what_runs_them_say_what_to_install(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("momentidx.caption.shotlog.models.find_spec", lambda _name: None)
    with pytest.raises(MomentidxError, match=r"pip install 'momentidx\[shotlog\]'"):
        installed(store)


IMAGES = SHARED / "data" / "images"


@pytest.mark.skipif(not IMAGES.is_dir(), reason=f"no pictures in {IMAGES}")
def test_objects_are_found_on_pictures_whose_contents_are_known(store: Store) -> None:
    objects = Objects(store.checked(MODEL, OBJECTS))
    right = wrong = 0
    for line in (IMAGES / "coco_train.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        picture = cv2.imread(str(IMAGES.parent / row["file"]))
        assert picture is not None, row["file"]
        found = {each.label for each in objects(picture[:, :, ::-1].astype(np.uint8)) if each.score >= 0.6}
        right, wrong = right + len(found & set(row["objects"])), wrong + len(found - set(row["objects"]))
    assert right >= 25  # 28 and 4 when this was written; other processors round a little differently
    assert wrong <= 6


def test_a_tone_is_no_speech_and_nothing_is_nothing(store: Store) -> None:
    sounds = Sounds(store.checked(MODEL, SOUNDS))
    assert len(sounds.labels) == 521
    assert (sounds.labels[0], sounds.labels[132]) == ("Speech", "Music")
    tone = np.sin(np.arange(SOUND_SAMPLES) * (2 * np.pi * 440 / 16_000)).astype(np.float32)
    assert sounds.labels[int(sounds(tone).argmax())] in ("Sine wave", "Tuning fork", "Beep, bleep")
    assert sounds.labels[int(sounds(np.zeros(SOUND_SAMPLES, np.float32)).argmax())] == "Silence"
    assert np.array_equal(sounds(tone), sounds(tone))


def test_the_whole_picture_is_told_in_plain_words(store: Store) -> None:
    scenes = Scenes(store.checked(MODEL, stores.SCENES))
    probabilities = scenes(np.zeros((180, 320, 3), np.uint8))
    assert (probabilities.shape, probabilities.dtype) == ((1001,), np.float32)
    assert 0 < probabilities.max() <= 1
    assert all(0.05 <= share <= 1 for share in plain(probabilities).values())
