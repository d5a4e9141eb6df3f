"""Grounded-VideoLLM in training: two streams of 12 segments, times as tokens of a grid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn
from transformers import CLIPVisionConfig

from momentidx.errors import MomentidxError, WrongUse
from momentidx.models.adapters import Mlp, TwoStream, grid, pooled
from momentidx.models.checkpoints.foreign import Tensors
from momentidx.models.checkpoints.grounded_videollm import HEAD_BIAS, load, load_tower
from momentidx.models.checkpoints.layout import Converted
from momentidx.models.clip import ClipFrames
from momentidx.models.codecs.grid_tokens import FLAG, GridTokens
from momentidx.models.grounded_videollm import FRAMES_OF_A_SEGMENT, SEGMENTS, GroundedVideoLLM
from momentidx.models.internvideo2 import InternVideo2
from momentidx.models.language import bias_head, embedding_of, grow, head_of
from momentidx.models.preprocess import IMAGENET_MEAN, IMAGENET_STD, ClipPillow
from momentidx.models.sampling import interval_midpoint, keyframes
from momentidx.models.splice import splice
from momentidx.models.templates import LLAMA_3, PHI_3_5, VIDEO, answer_labels, tokens
from momentidx.training.method import Batch, Described, Eyes, Seen, Written
from momentidx.training.methods import looking
from momentidx.training.methods.untied import untied
from momentidx.training.methods.writing import (
    device_of,
    encoder_of,
    goes_on,
    padded,
    sum_of_losses,
    weight,
    with_followed,
    with_one_marker,
    worded,
)
from momentidx.training.samples import Sample, Turn, Vectors

FRAMES = SEGMENTS * FRAMES_OF_A_SEGMENT


@dataclass(frozen=True)
class GroundedMethod(Described):
    """See `Method`. `steps` and `moving` are what the paper varies."""

    network: ClassVar[str] = "grounded_videollm"
    width: ClassVar[int] = 640
    family: Literal["phi", "llama"] = "phi"
    steps: int = 300
    moving: bool = True
    """Whether the temporal stream is there."""
    image_side: int = 8
    """Of a keyframe, `image_side` times as many cells are seen (Llama), or all patches, four as one (Phi)."""
    video_side: int = 4
    """Of each frame, `video_side` times as many."""
    asks_first: bool = False
    """See `models/templates.Template.asking_first`."""
    follows: bool = False
    """See `writing.goes_on`; of use with `asks_first`. With Llama only, whose clips have as many vectors whatever the
    encoder.
    """

    def __post_init__(self) -> None:
        if self.follows and self.family == "phi":
            raise WrongUse("'follows' is for the family 'llama'.")

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return GridTokens(self.steps).vocabulary

    def fresh(self, folder: Converted, tokenizer: Any) -> nn.Module:  # noqa: ARG002  its tokens are new rows' numbers
        """The projectors, the ends and the head's bias begin new; the new rows are the mean of the others."""
        language = untied(folder.language())
        bias_head(language)
        grow(language, len(self.vocabulary))
        width, out = int(CLIPVisionConfig.from_pretrained(folder.encoder).hidden_size), language.config.hidden_size
        merges = self.family == "phi"
        image = Mlp(4 * width if merges else width, out, out)
        video = Mlp(int(folder.video()["cls_token"].shape[-1]), out, out)
        kind: Literal["merge", "pool"] = "merge" if merges else "pool"
        sides = {"image_side": self.image_side, "video_side": self.video_side}
        return GroundedVideoLLM(language, TwoStream(kind, image, video, width, out, **sides))

    def load(self, converted: Converted) -> nn.Module:
        return load(converted)

    def eyes(self, folder: Converted) -> Eyes:
        return _Eyes(folder, self)

    def write(self, sample: Sample, tokenizer: Any, *, bare: bool = False) -> Written:  # noqa: ARG002  always a dialogue
        """A flag stands before a question whose answer has times."""
        encode, codec = encoder_of(tokenizer), GridTokens(self.steps)
        template = (PHI_3_5 if self.family == "phi" else LLAMA_3).asking_first(self.asks_first)

        def question(number: int, turn: Turn) -> str:
            flags = [VIDEO] * (number == 0) + [FLAG] * any(not isinstance(part, str) for part in turn.answered)
            words = worded(turn.asked, time)
            return template.with_pictures(" ".join(flags), words) if flags else words

        def time(seconds: float) -> str:
            return codec.encode(seconds, sample.duration)

        turns = [(question(number, turn), worded(turn.answered, time)) for number, turn in enumerate(sample.turns)]
        times = self._times(sample.duration) if self.follows else []
        written = Written(tokens(encode, template.render(turns)), answer_labels(encode, template, turns),
                          followed=goes_on(sample, encode, times))  # fmt: skip
        return with_one_marker(sample, written)

    def _times(self, duration: float) -> list[float | None]:
        """Of each vector of a clip: the last one of each frame has the frame's; without frames, a segment's last one
        has the segment's middle.
        """
        times: list[float | None] = []
        for segment in range(SEGMENTS):
            times += [None] * self.image_side**2
            if self.moving:
                for frame in range(FRAMES_OF_A_SEGMENT):
                    place = segment * FRAMES_OF_A_SEGMENT + frame + 0.5
                    times += [None] * (self.video_side**2 - 1) + [place * duration / FRAMES]
            times.append(None if self.moving else (segment + 0.5) * duration / SEGMENTS)
        return times

    def loss(self, network: nn.Module, batch: Batch) -> Tensor:
        assert isinstance(network, GroundedVideoLLM)
        device, dtype = device_of(network), network.adapter.block_end.dtype
        ids, mask, labels = padded(batch.written, device)
        seen = [{name: tensor.to(device, dtype) for name, tensor in one.items()} for one in batch.seen]
        rows = [self.row(network.adapter, one) for one in seen]
        spliced = splice(embedding_of(network.language), ids, rows, mask, labels)
        return sum_of_losses(network.language, with_followed(spliced, batch.written))

    def row(self, adapter: TwoStream, seen: Seen) -> Tensor:
        """One clip's tokens (T, D)."""
        return adapter(seen["stills"], seen["moving"] if self.moving else None)

    def weight(self, written: Written) -> float:
        return weight(written)

    def parts(self, network: nn.Module) -> tuple[Tensors, dict[str, Any]]:
        assert isinstance(network, GroundedVideoLLM)
        tensors = {f"adapter.{name}": tensor for name, tensor in network.adapter.state_dict().items()}
        return tensors | {HEAD_BIAS: head_of(network.language).bias.detach()}, {
            "family": self.family, "steps": self.steps, "image_side": self.image_side, "video_side": self.video_side,
            "moving": self.moving, "asks_first": self.asks_first,
        }  # fmt: skip


class _Eyes:
    """CLIP's patches of the keyframes; InternVideo2's of all frames, pooled as the adapter would pool them."""

    def __init__(self, folder: Converted, method: GroundedMethod) -> None:
        self._folder, self._method = folder, method
        self.device = torch.device("cpu")

    @cached_property
    def _sharp(self) -> ClipFrames:
        return looking.eyes_of(self._folder.encoder, "patches", self.device)

    @cached_property
    def _moving(self) -> InternVideo2:
        return load_tower(self._folder).to(self.device).eval()

    @cached_property
    def key(self) -> str:
        files = [*looking.files_in(self._folder.encoder), self._folder.folder / "video.safetensors"]
        moves = self._method.moving
        return looking.key_of("grounded", moves, self._method.video_side, files=files if moves else files[:-1])

    def look(self, sample: Sample) -> Seen:
        """`stills` (12, 1 + P, C) and, with the temporal stream, `moving` (12, 1 + 8 * side * side, C')."""
        if isinstance(sample.pictures, Vectors):
            raise MomentidxError(f"{sample.name}: Grounded-VideoLLM sees patches; vectors are not enough.")
        pictures, places = looking.looked_at(sample, lambda count, rate: interval_midpoint(count, rate, FRAMES))
        places = places if len(places) == FRAMES else places * FRAMES
        keys = [places[place] for place in keyframes(FRAMES, SEGMENTS)]
        stills = ClipPillow(self._sharp.side)([pictures[key] for key in keys]).to(self.device)
        seen = {"stills": looking.in_parts(self._sharp, stills).cpu()}
        if self._method.moving:
            small = ClipPillow(self._moving.config.side, IMAGENET_MEAN, IMAGENET_STD)(pictures)[places]
            small = small.view(SEGMENTS, FRAMES_OF_A_SEGMENT, *small.shape[1:]).transpose(1, 2).to(self.device)
            seen["moving"] = smaller(
                torch.cat([self._one(segment) for segment in small.split(1)]), self._method.video_side
            ).cpu()
        return seen

    @torch.inference_mode()
    def _one(self, segment: Tensor) -> Tensor:
        return self._moving(segment)


def smaller(x: Tensor, side: int) -> Tensor:
    """(S, 1 + F * Q, C) to (S, 1 + F * side * side, C), pooled as the adapter does: it then changes nothing more."""
    segments, _, width = x.shape
    frames = x[:, 1:].reshape(segments * FRAMES_OF_A_SEGMENT, -1, width)
    return torch.cat((x[:, :1], pooled(grid(frames), side).reshape(segments, -1, width)), dim=1)
