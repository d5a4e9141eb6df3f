"""A video chat model in memory: loaded from a folder, asked in batches, on a GPU or the CPU."""

from __future__ import annotations

import inspect
import json
import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from momentidx.caption.batches import first_line
from momentidx.caption.chat import Reply, Request
from momentidx.caption.generating import Decoding, options
from momentidx.caption.transformers.families import Shown
from momentidx.caption.transformers.folder import ModelFolder
from momentidx.errors import MomentidxError, UnusableFootage

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request with its clip as the model takes it."""

    request: Request
    shown: Shown


class Network:
    """A model and its tokenizer."""

    relief = "Lower 'video_pictures', 'video_width' or 'window_seconds', or take a smaller model."

    def __init__(self, folder: ModelFolder, device: torch.device, decoding: Decoding = "dynamic") -> None:
        self.name, self.device = folder.path.name, device
        self._decoding = decoding
        self._folder = folder
        self._numbers = folder.numbers()
        self.model: Any = None
        """The network, once it is loaded (with its `tokenizer` and chat `template`)."""
        self.tokenizer: Any = None
        self.template = ""

    def prepared(self, request: Request) -> Prepared:
        """Needs no weights, and is done while the device is busy with other requests."""
        return Prepared(request, self._folder.family.show(request.clip, self._numbers))

    def answers(self, batch: Sequence[Prepared]) -> list[Reply]:
        """A reply for each request."""
        self.ready()
        inputs = self._inputs([self._text(one) for one in batch], [one.shown for one in batch])
        tokens = max(one.request.tokens for one in batch)
        with torch.inference_mode():
            answers = self.model.generate(
                **{name: value.to(self.device) for name, value in inputs.items()},
                max_new_tokens=tokens,
                do_sample=False,
                use_cache=True,
                **options(self._decoding, self.device),
            )
        answers = answers[:, inputs["input_ids"].shape[1] :].cpu()
        return [self._reply(row, one.request.tokens) for row, one in zip(answers, batch, strict=True)]

    def drop(self) -> None:
        """Forget the weights; the next batch loads them anew."""
        self.model = None

    def ready(self) -> None:
        """Load the model, if it is not. Raises UnusableFootage when it cannot be."""
        if self.model is not None:
            return
        folder = self._folder
        try:
            folder.check_contents()
            self.tokenizer = tokenizer(folder)
            self.template = template(folder, self.tokenizer.chat_template)
            self.model = load(folder, self.device)
        except MomentidxError as error:  # of the model's files: the footage can do nothing for it
            raise UnusableFootage("model", str(error), passing=True) from error
        log.info("%s (%s) is loaded on %s", folder.path, folder.architecture, self.device)

    def _text(self, one: Prepared) -> str:
        """The whole conversation in the model's own template, the clip in the video's place."""
        prompt, marks = self._harmless(one.request.prompt), self._folder.family.video
        if not marks:  # it is only told things
            return self._templated(prompt)
        for content in (
            [{"type": "video"}, {"type": "text", "text": prompt}],
            # A template from before videos: the mark goes where the text begins.
            [{"type": "text", "text": marks[0] + prompt}],
        ):
            text = self._templated(content)
            for mark in marks:
                if mark in text:
                    return text.replace(mark, one.shown.text, 1)
        sentence = f"{self._folder.path}: its chat template has no place for a video. Take another model."
        raise UnusableFootage("model", sentence, passing=True)

    def _templated(self, content: str | list[dict[str, str]]) -> str:
        text: str = self.tokenizer.apply_chat_template(
            [{"role": "user", "content": content}],
            chat_template=self.template,
            add_generation_prompt=True,
            tokenize=False,
            enable_thinking=False,
        )
        return text

    def _harmless(self, prompt: str) -> str:
        """The prompt without the model's own control tokens, which a user's words may hold."""
        for token in self.tokenizer.added_tokens_decoder.values():
            if token.special and token.content in prompt:
                prompt = prompt.replace(token.content, " ")
        return prompt

    def _inputs(self, texts: Sequence[str], shown: Sequence[Shown]) -> dict[str, Tensor]:
        inputs = dict(self.tokenizer(list(texts), return_tensors="pt", padding=True, add_special_tokens=False))
        inputs.pop("token_type_ids", None)
        if "mm_token_type_ids" in inspect.signature(self.model.forward).parameters:
            inputs["mm_token_type_ids"] = self._kinds(inputs["input_ids"])
        floats = next(self.model.parameters()).dtype
        for name, value in together([one.tensors for one in shown]).items():
            inputs[name] = value.to(floats) if value.is_floating_point() and "pixel" in name else value
        return inputs

    def _kinds(self, ids: Tensor) -> Tensor:
        """Which tokens stand for pictures, and for what kind."""
        kinds = torch.zeros_like(ids)
        for token, kind in self._folder.family.visual.items():
            kinds[ids == self.tokenizer.convert_tokens_to_ids(token)] = kind
        return kinds

    def _reply(self, row: Tensor, tokens: int) -> Reply:
        ends = self.model.generation_config.eos_token_id
        ends = torch.tensor(ends if isinstance(ends, list) else [ends])
        ended = torch.isin(row, ends).nonzero()
        length = int(ended[0]) if len(ended) else len(row)
        text = self.tokenizer.decode(row[: min(length, tokens)], skip_special_tokens=True)
        return Reply(text, whole=bool(len(ended)) and length < tokens)


def together(parts: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The tensors of several clips as one batch.

    Patches of all clips follow each other; what points at patches is moved along. Clips of pictures
    (SmolVLM) are filled up with empty pictures, which the model leaves out.
    """
    batch: dict[str, Tensor] = {}
    for name in parts[0]:
        rows = [part[name] for part in parts]
        if name == "video_token_pooling":
            counts = [part["pixel_values_videos"].shape[:2].numel() for part in parts]
            starts = [sum(counts[:place]) for place in range(len(counts))]
            rows = [torch.where(row >= 0, row + start, row) for row, start in zip(rows, starts, strict=True)]
        if name in ("pixel_values", "pixel_attention_mask"):
            longest = max(row.shape[1] for row in rows)
            filled = [row.new_zeros(1, longest, *row.shape[2:]) for row in rows]
            for empty, row in zip(filled, rows, strict=True):
                empty[:, : row.shape[1]] = row
            rows = filled
        batch[name] = torch.cat(rows)
    return batch


def load(
    folder: ModelFolder, device: torch.device, *, attention: str | None = "sdpa", dtype: torch.dtype | None = None
) -> Any:
    """The network with its weights; without a `dtype` in half precision on a GPU.

    Raises MomentidxError when they do not fit it.
    """
    import transformers

    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    kind = getattr(transformers, folder.architecture, None)
    if kind is None:
        raise MomentidxError(
            f"{folder.path} needs {folder.architecture}, which transformers {transformers.__version__} does not have. "
            "Update it: pip install -U transformers."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the library tells its developers
            model, told = kind.from_pretrained(
                folder.path,
                dtype=dtype or (torch.bfloat16 if device.type == "cuda" else torch.float32),
                attn_implementation=attention,
                use_safetensors=True,
                local_files_only=True,
                output_loading_info=True,
            )
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        raise MomentidxError(f"{folder.path} cannot be loaded: {first_line(error)}. Fetch it again.") from error
    if lacking := sorted(told["missing_keys"]):
        raise MomentidxError(
            f"{folder.path}: the weights do not fit the model: {len(lacking)} are missing ({lacking[0]}). "
            "Fetch the weights of the same revision as config.json."
        )
    return model.eval().to(device)


def tokenizer(folder: ModelFolder) -> Any:
    """The model's tokenizer. Raises MomentidxError when its files make none."""
    import transformers

    try:
        made = transformers.AutoTokenizer.from_pretrained(folder.path, local_files_only=True)
    except Exception as error:  # the library in Rust below raises plain Exception
        raise MomentidxError(f"{folder.path} has no usable tokenizer: {first_line(error)}. Fetch it again.") from error
    made.padding_side = "left"  # answers begin at the same place in all rows
    return made


def template(folder: ModelFolder, own: str | None) -> str:
    """How a conversation is written: the tokenizer's own template or the one beside it. Raises MomentidxError."""
    if own:
        return own
    if (file := folder.path / "chat_template.jinja").is_file():
        return file.read_text(encoding="utf-8")
    if (file := folder.path / "chat_template.json").is_file():
        found: str = json.loads(file.read_text(encoding="utf-8"))["chat_template"]
        return found
    raise MomentidxError(f"{folder.path} has no chat template, so it is no model to chat with. Take its chat version.")
