"""Stock video chat models: every class in the table loads as a download would, answers, and fails in sentences."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from momentidx.caption.auto import best
from momentidx.caption.chat import Clip, Reply, Request, Sight, Task
from momentidx.caption.generating import Decoding, options
from momentidx.caption.transformers.chat import TransformersChat
from momentidx.caption.transformers.families import FAMILIES
from momentidx.caption.transformers.folder import INDEX, ModelFolder, chosen, found, opened
from momentidx.caption.transformers.known import KNOWN
from momentidx.config import Settings
from momentidx.errors import MomentidxError, UnusableFootage, WrongUse
from momentidx.models import devices
from tests.caption.tiny_models import CONFIGS, speaking, write

QWEN3 = "Qwen3VLForConditionalGeneration"
SIGHT = Sight(pictures=5, width=64)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a tiny model, made once."""
    folder = tmp_path_factory.mktemp("models")
    return lambda name: folder / name if (folder / name).is_dir() else write(folder / name, name)


@pytest.fixture
def model(models: Callable[[str], Path], tmp_path: Path) -> Path:
    """A copy of one, to be damaged."""
    return Path(shutil.copytree(models(QWEN3), tmp_path / "model"))


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here may ask anybody for anything."""

    def refuse(*args: object) -> None:
        raise AssertionError(f"somebody is being called: {args}")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def request(pictures: int = 4, prompt: str = "What happens?", tokens: int = 6) -> Request:
    images = np.random.default_rng(pictures).integers(0, 255, (pictures, 36, 64, 3), dtype=np.uint8)
    clip = Clip(images, tuple(0.5 + 61 * number for number in range(pictures)), 61.0 * pictures)
    return Request(clip, Task.DESCRIBE, "", prompt, tokens)


def chat(folder: Path, at_once: int = 3, decoding: Decoding = "dynamic") -> TransformersChat:
    return TransformersChat(opened(folder), SIGHT, CPU, at_once, decoding)


def replies(asked: TransformersChat, *requests: Request) -> list[Reply]:
    """Raises what comes in the place of one."""
    found = list(asked.replies(requests))
    for failed in found:
        if isinstance(failed, Exception):
            raise failed
    return [reply for reply in found if isinstance(reply, Reply)]


def refusal(act: Callable[[], object], kind: type[Exception] = MomentidxError) -> str:
    with pytest.raises(kind) as refused:
        act()
    return str(refused.value)


def test_a_tiny_model_is_tested_for_every_class() -> None:
    assert set(CONFIGS) == set(FAMILIES)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_class_loads_from_its_files_and_answers_the_same_alone_and_in_a_batch(
    models: Callable[[str], Path], name: str
) -> None:
    requests = [request(4), request(3, "Something longer is asked here."), request(1), request(4, "Why?")]
    together = replies(chat(models(name)), *requests)
    alone = [reply for each in requests for reply in replies(chat(models(name), 1), each)]
    assert together == alone
    assert replies(chat(models(name), decoding="static"), *requests) == alone
    assert len({reply.text for reply in together}) > 1, "the answers do not depend on what is asked"


def test_room_is_set_aside_and_nothing_is_compiled_unless_it_is_asked_for(models: Callable[[str], Path]) -> None:
    asked = chat(models(QWEN3), decoding="static")
    asked.network.ready()
    caches: list[str] = []
    prepare = asked.network.model._prepare_cache_for_generation

    def noted(config: Any, inputs: Any, *rest: Any) -> None:
        prepare(config, inputs, *rest)
        caches.append(type(inputs["past_key_values"]).__name__)

    asked.network.model._prepare_cache_for_generation = noted
    assert len(replies(asked, request())) == 1
    assert caches == ["StaticCache"]
    cuda = torch.device("cuda")
    assert options("dynamic", cuda) == {}
    assert options("static", cuda) == options("compiled", CPU) == options("static", CPU)
    assert options("static", CPU)["disable_compile"]
    compiled = options("compiled", cuda)
    assert (compiled["cache_implementation"], compiled["compile_config"].mode) == ("static", "default")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Qwen2_5_VLForConditionalGeneration", "<|vision_start|><|video_pad|>x4<|vision_end|>"),
        (
            "Qwen3VLForConditionalGeneration",
            "<31.0 seconds><|vision_start|><|video_pad|>x2<|vision_end|>"
            "<122.5 seconds><|vision_start|><|video_pad|>x2<|vision_end|>",
        ),
        (
            "Glm4vForConditionalGeneration",
            "<|begin_of_image|><|image|>x2<|end_of_image|>0<|begin_of_image|><|image|>x2<|end_of_image|>122",
        ),
        (
            "Glm46VForConditionalGeneration",
            "<|begin_of_image|><|image|>x2<|end_of_image|>0.5 seconds"
            "<|begin_of_image|><|image|>x2<|end_of_image|>122.5 seconds",
        ),
        (
            "VideoLlama3ForConditionalGeneration",
            "Time 0.5s:<|video_pad|>x2,Time 61.5s:<|video_pad|>x2,Time 122.5s:<|video_pad|>x2",
        ),
        (
            "Molmo2ForConditionalGeneration",
            "0.5 <frame_start><im_patch><frame_end> 61.5 <frame_start><im_patch><frame_end> "
            "122.5 <frame_start><im_patch><frame_end>",
        ),
        (
            "SmolVLMForConditionalGeneration",
            "You are provided the following series of three frames from a 0:03:03 [H:MM:SS] video.\n"
            + "".join(
                f"\nFrame from {time}:<fake_token_around_image><global-img><image>x4<fake_token_around_image>"
                for time in ("00:00", "01:01", "02:02")
            )
            + "\n\n",
        ),
    ],
)
def test_times_and_pictures_are_written_as_each_family_learned_them(
    models: Callable[[str], Path], name: str, written: str
) -> None:
    folder = opened(models(name))
    text = folder.family.show(request(3).clip, folder.numbers()).text
    for token in ("<|video_pad|>", "<|image|>", "<image>"):
        for count in range(40, 1, -1):
            text = text.replace(token * count, f"{token}x{count}")
    assert text == written


def test_tokens_of_pictures_that_do_not_change_are_left_out(models: Callable[[str], Path]) -> None:
    folder = opened(models("VideoLlama3ForConditionalGeneration"))
    still = Clip(np.full((3, 36, 64, 3), 90, np.uint8), (0.0, 1.0, 2.0), 3.0)
    shown = folder.family.show(still, folder.numbers())
    assert shown.tensors["video_compression_mask"].tolist() == [True, True, True, False, True, False]
    assert shown.text.count("<|video_pad|>") == 4


def test_a_users_words_cannot_hold_the_models_control_tokens(models: Callable[[str], Path]) -> None:
    asked = chat(models(QWEN3))
    plain = replies(asked, request(prompt="Where is  the dog? "))
    assert replies(asked, request(prompt="Where is<|im_end|> the dog?<|video_pad|>")) != []
    assert replies(asked, request(prompt="Where is <|video_pad|>the dog?<|im_end|>")) != []
    assert asked.network._harmless("Where is <|video_pad|>the dog?<|im_end|>") == "Where is  the dog? "
    assert plain


def test_what_a_model_says_comes_out_word_for_word_and_whole(models: Callable[[str], Path]) -> None:
    asked = chat(models(QWEN3))
    speaking(asked.network)
    prompt = "This video is 9.0 seconds long. List what happens in it."
    assert replies(asked, request(prompt=prompt, tokens=99)) == [Reply("0.0 - 9.0: A red ball rolls in.")]
    assert replies(asked, request(prompt=prompt, tokens=9)) == [Reply("0.0 - 9.0", whole=False)]


def test_when_memory_runs_out_the_batch_is_halved_and_nothing_is_lost(
    models: Callable[[str], Path], caplog: pytest.LogCaptureFixture
) -> None:
    asked, sizes = chat(models(QWEN3), 8), []
    asked.network.ready()
    generate = asked.network.model.generate

    def small(**inputs: Any) -> Any:
        sizes.append(len(inputs["input_ids"]))
        if sizes[-1] > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return generate(**inputs)

    asked.network.model.generate = small
    requests = [request(prompt=f"{number}?") for number in range(7)]
    assert replies(asked, *requests) == replies(chat(models(QWEN3)), *requests)
    assert sizes == [7, 4, 2, 2, 2, 1]
    assert asked.batches.at_once == 2
    assert "going on with 2 at once" in caplog.text


def failing(error: Exception) -> Callable[..., Any]:
    def generate(**_inputs: Any) -> Any:
        raise error

    return generate


def test_memory_that_is_too_small_for_one_look_fails_the_footage(models: Callable[[str], Path]) -> None:
    asked = chat(models(QWEN3))
    asked.network.ready()
    asked.network.model.generate = failing(torch.OutOfMemoryError())
    assert refusal(lambda: replies(asked, request()), UnusableFootage) == (
        f"The memory of cpu is too small for one look at the footage with {QWEN3}. "
        "Lower 'video_pictures', 'video_width' or 'window_seconds', or take a smaller model."
    )


def test_a_request_that_fails_as_nobody_foresaw_fails_alone(models: Callable[[str], Path]) -> None:
    asked = chat(models(QWEN3), 4)
    asked.network.ready()
    generate = asked.network.model.generate

    def picky(**inputs: Any) -> Any:
        if any("bad" in text for text in asked.network.tokenizer.batch_decode(inputs["input_ids"])):
            raise ZeroDivisionError("a mistake")
        return generate(**inputs)

    asked.network.model.generate = picky
    found = list(asked.replies([request(prompt=prompt) for prompt in ("Why?", "bad", "When?", "Who?", "How?")]))
    good = replies(chat(models(QWEN3), 1), *[request(prompt=prompt) for prompt in ("Why?", "When?", "Who?", "How?")])
    assert [reply for reply in found if isinstance(reply, Reply)] == good
    assert isinstance(found[1], ZeroDivisionError)


def test_a_lost_device_fails_the_footage_for_now_and_the_next_one_loads_the_model_anew(
    models: Callable[[str], Path],
) -> None:
    asked = chat(models(QWEN3))
    asked.network.ready()
    asked.network.model.generate = failing(torch.AcceleratorError("CUDA error: unspecified launch failure\nCompile"))
    with pytest.raises(
        UnusableFootage, match=r"cpu failed while .* \(CUDA error: unspecified launch failure\)"
    ) as lost:
        replies(asked, request())
    assert lost.value.passing
    assert replies(asked, request()) == replies(chat(models(QWEN3)), request())


def test_a_model_that_is_too_large_is_refused_with_what_it_needs(model: Path) -> None:
    folder = opened(model)
    devices.check_room("model", folder.gigabytes, folder.gigabytes * 1.3)
    assert "model needs about 0 GB of GPU memory, and 0 GB may be used" in refusal(
        lambda: devices.check_room("model", folder.gigabytes, folder.gigabytes)
    )


# Finding the files.


def hub(cache: Path, repo: str, revision: str, model: Path) -> Path:
    """A model in the hub's cache, as its tools leave it: files by their SHA-256, linked from a snapshot."""
    top = cache / f"models--{repo.replace('/', '--')}"
    snapshot = top / "snapshots" / revision
    snapshot.mkdir(parents=True)
    (top / "blobs").mkdir()
    (top / "refs").mkdir()
    (top / "refs" / "main").write_text(revision)
    for file in model.iterdir():
        name = hashlib.sha256(file.read_bytes()).hexdigest()
        shutil.copy(file, top / "blobs" / name)
        (snapshot / file.name).symlink_to(f"../../blobs/{name}")
    return snapshot


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


REVISION = "0123456789abcdef0123456789abcdef01234567"


def test_a_model_is_found_in_a_folder_among_the_models_and_in_the_hubs_cache(
    model: Path, cache: Path, tmp_path: Path
) -> None:
    none = tmp_path / "models"
    snapshot = hub(cache, "Qwen/Qwen3-VL-2B-Instruct", REVISION, model)
    assert found(str(model), none).path == model
    assert found("qwen3-vl-2b", none).path == snapshot
    assert found("Qwen/Qwen3-VL-2B-Instruct", none).path == snapshot
    assert found(f"Qwen/Qwen3-VL-2B-Instruct@{REVISION}", none).path == snapshot
    shutil.copytree(model, none / "qwen3-vl-2b")
    assert found("qwen3-vl-2b", none).path == none / "qwen3-vl-2b"
    assert len(replies(chat(snapshot), request())) == 1, "its contents are what their names say"


def test_what_is_not_here_is_said_with_the_command_that_fetches_it(model: Path, cache: Path, tmp_path: Path) -> None:
    hub(cache, "org/name", REVISION, model)
    assert "Fetch it with 'hf download Qwen/Qwen3-VL-8B-Instruct'" in refusal(lambda: found("qwen3-vl-8b", tmp_path))
    other = "f" * 40
    assert refusal(lambda: found(f"org/name@{other}", tmp_path)).startswith(
        f"The model org/name is not on this machine in the revision {other}. "
        f"Fetch it with 'hf download org/name --revision {other}'"
    )
    assert "is no folder, no hub id (org/name) and none of: qwen3-vl-8b" in refusal(
        lambda: found("qwen9", tmp_path), WrongUse
    )


def damaged(model: Path) -> Iterable[tuple[str, Callable[[], object], str]]:
    weights = model / "model.safetensors"
    config = json.loads((model / "config.json").read_text())
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    yield "no config", (model / "config.json").unlink, "config.json is missing"
    yield (
        "other class",
        lambda: change(model, config | {"architectures": ["LlamaForCausalLM"]}),
        "holds a LlamaForCausalLM",
    )
    yield "no weights", weights.unlink, "1 of 1 weight files are missing (model.safetensors). Run the download again"
    yield "half", lambda: weights.write_bytes(weights.read_bytes()[:-100]), "half a download"
    yield "page", lambda: weights.write_text("<html>not found</html>"), "is no whole safetensors file"
    yield "empty", lambda: weights.write_text(""), "is no whole safetensors file"
    yield "shards", lambda: (model / INDEX).write_text(json.dumps(index)), "2 of 2 weight files are missing"
    yield "pickles", lambda: weights.rename(model / "pytorch_model.bin"), "as .bin only, which can hold code"
    yield "no tokenizer", lambda: (model / "tokenizer.json").unlink(), "has no tokenizer"
    yield "no json", lambda: (model / "config.json").write_text("{"), "config.json cannot be read"
    yield "no object", lambda: (model / "config.json").write_text("[]"), "config.json is not what it should be"


def change(model: Path, config: object) -> None:
    (model / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize("case", range(11))
def test_files_that_are_missing_or_broken_are_said_before_anything_is_loaded(model: Path, case: int) -> None:
    _, damage, sentence = list(damaged(model))[case]
    damage()
    assert sentence in refusal(lambda: opened(model))


def test_weights_of_another_revision_fail_the_footage_with_a_sentence(model: Path) -> None:
    config = json.loads((model / "config.json").read_text())
    config["text_config"]["num_hidden_layers"] = 3
    config["text_config"].pop("layer_types", None)
    change(model, config)
    assert "the weights do not fit the model: 11 are missing" in refusal(
        lambda: replies(chat(model), request()), UnusableFootage
    )


def test_weights_with_another_content_than_known_are_not_used(model: Path, cache: Path) -> None:
    digest = hashlib.sha256((model / "model.safetensors").read_bytes()).hexdigest()
    (model / "SHA256SUMS").write_text(f"{digest}  model.safetensors\n")
    opened(model).check_contents()
    (model / "SHA256SUMS").write_text(f"{'0' * 64} *model.safetensors\n")
    assert "its SHA-256 differs" in refusal(lambda: replies(chat(model), request()), UnusableFootage)
    snapshot = hub(cache, "org/name", REVISION, model)
    blob = (snapshot / "model.safetensors").resolve()
    blob.write_bytes(blob.read_bytes()[:-4] + b"\x00\x01\x02\x03")
    (snapshot / "SHA256SUMS").unlink()
    assert "its SHA-256 differs" in refusal(opened(snapshot).check_contents)


def test_a_model_without_a_chat_template_is_refused(model: Path) -> None:
    for file in model.glob("chat_template*"):
        file.unlink()
    settings = json.loads((model / "tokenizer_config.json").read_text())
    settings.pop("chat_template", None)
    (model / "tokenizer_config.json").write_text(json.dumps(settings))
    assert "has no chat template" in refusal(lambda: replies(chat(model), request()), UnusableFootage)


def test_a_tokenizer_that_is_no_tokenizer_fails_the_footage_with_a_sentence(model: Path) -> None:
    (model / "tokenizer.json").write_text("{}")
    assert "has no usable tokenizer" in refusal(lambda: replies(chat(model), request()), UnusableFootage)


@pytest.mark.gpu
def test_on_a_gpu_a_batch_gives_what_it_gives_alone(models: Callable[[str], Path]) -> None:
    folder = opened(models(QWEN3))
    device = devices.device_for(folder.path.name, folder.gigabytes, 2.0)
    assert device.type == "cuda"
    asked = TransformersChat(folder, SIGHT, device, 4)
    requests = [request(prompt=f"{number}?") for number in range(6)]
    assert len(replies(asked, *requests)) == 6
    for decoding in ("static", "compiled"):
        assert len(replies(TransformersChat(folder, SIGHT, device, 4, decoding), *requests)) == 6
    assert torch.cuda.max_memory_allocated() < 2e9


def test_the_version_changes_with_any_of_the_files(model: Path) -> None:
    before = opened(model).version
    assert opened(model).version == before
    (model / "video_preprocessor_config.json").write_text("{}")
    assert opened(model).version != before


def test_the_settings_choose_or_the_best_that_is_installed_and_fits(
    model: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "models"
    assert "No video chat model is installed. Docs/captioners.md" in refusal(lambda: chosen(Settings(), models))
    small = hub(cache, "Qwen/Qwen3-VL-2B-Instruct", REVISION, model)
    large = hub(cache, "Qwen/Qwen3-VL-8B-Instruct", REVISION, model)
    assert chosen(Settings(), models).path == large
    assert chosen(Settings(video_model="qwen3-vl-2b"), models).path == small
    big = property(lambda folder: 17.5 if "8B" in str(folder.path) else 4.3)
    monkeypatch.setattr(ModelFolder, "gigabytes", big)
    assert chosen(Settings(gpu_memory_gb=8), models).path == small
    assert "needs about 5 GB of GPU memory, and 2 GB may be used" in refusal(
        lambda: chosen(Settings(gpu_memory_gb=2), models)
    )
    assert str(best(Settings(gpu_memory_gb=8, models_folder=models))) == (
        f"auto takes 'transformers': {small} is installed and needs 5 GB."
    )
    assert best(Settings(gpu_memory_gb=2, models_folder=models)).why.startswith("0123456789abcdef")


def test_every_known_model_has_its_own_name_and_repository() -> None:
    assert len({one.name for one in KNOWN}) == len({one.repo for one in KNOWN}) == len(KNOWN)
