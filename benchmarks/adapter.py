"""Learns `momentidx/search/adapter.safetensors` from captions that you have.

python benchmarks/adapter.py ACTIVITYNET_TRAIN.json COCO_CAPTIONS.json [--out FILE] [--held-out]

ActivityNet Captions (densevid format) is annotated once, so the map learns from sentences taken out of their
video: the rest of the video must still be recognised. That alone would learn the writing style of annotators, who
each wrote whole videos; captions of one COCO picture by different people keep it to what is said. The position
part learns where in its video a sentence was said to happen. With --held-out the last 1,509 videos are kept apart
and the recall on them is printed; hyper-parameters were chosen so. One thread, fixed seed: the same file each time.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, gelu, log_softmax, normalize

from momentidx.evaluation.densevid import Descriptions, read_descriptions
from momentidx.search.adapter import CELLS, FILE, GRID
from momentidx.search.minilm import MiniLMEmbedder, installed_weights
from momentidx.search.spans import tiou

HELD_OUT = 8500
"""Videos from this one on are not learned from with --held-out."""
RANK, HIDDEN = 64, 128
STEPS, VIDEOS, PICTURES = 200, 1024, 512
NEARNESS = 20.0
"""The target of the position part: spans near the true one count too, e times less for each 1/20 tIoU."""


class Groups:
    """Rows of vectors that belong together: the sentences of a video, the captions of a picture."""

    def __init__(self, vectors: Tensor, groups: NDArray[np.int64], count: int) -> None:
        self.vectors = vectors
        self.sizes = np.bincount(groups, minlength=count)
        self.starts = np.r_[0, np.cumsum(self.sizes)[:-1]]
        self.usable = np.flatnonzero(self.sizes > 1)

    def draw(self, random: np.random.Generator, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """One query of each of `count` groups, the others of these groups, and the place of their group."""
        groups = random.choice(self.usable, count, replace=False)
        queries = self.starts[groups] + random.integers(0, self.sizes[groups])
        rows = np.concatenate([np.arange(self.starts[g], self.starts[g] + self.sizes[g]) for g in groups])
        others = ~np.isin(rows, queries)
        places = np.repeat(np.arange(count), self.sizes[groups])[others]
        return self.vectors[queries], self.vectors[rows[others]], torch.from_numpy(places)


def learn_map(videos: Groups, pictures: Groups) -> tuple[Tensor, Tensor]:
    """A (384, 64) and a (64, 384) matrix; their product plus the identity is the map."""
    identity = torch.eye(videos.vectors.shape[1])
    matrix = nn.Parameter(identity.clone())
    scales = nn.Parameter(torch.tensor([20.0, 10.0]).log())
    optimizer = torch.optim.Adam([matrix, scales], lr=1e-3)
    random = np.random.default_rng(0)
    for _ in range(STEPS):
        loss = ((matrix - identity) ** 2).sum() / len(identity)
        for scale, groups, count in zip(scales.exp(), (videos, pictures), (VIDEOS, PICTURES), strict=True):
            queries, others, places = groups.draw(random, count)
            cosines = normalize(queries @ matrix, dim=1) @ normalize(others @ matrix, dim=1).T
            logits = scale * cosines
            peak = logits.detach().max()  # log-sum-exp over the sentences of each group
            sums = torch.zeros(count, count).index_add(1, places, (logits - peak).exp())
            loss = loss + cross_entropy((sums + 1e-30).log(), torch.arange(count))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    left, values, right = torch.linalg.svd(matrix.detach() - identity)
    return left[:, :RANK] * values[:RANK], right[:RANK]


def learn_position(vectors: Tensor, spans: NDArray[np.float64]) -> dict[str, Tensor]:
    """A network of one hidden layer from sentences (N, 384) to spans as shares of their video (N, 2)."""
    overlaps = torch.tensor(tiou(CELLS[None] / GRID, spans[:, None]), dtype=torch.float32)
    targets = torch.softmax(NEARNESS * overlaps, 1)  # (N, 210)
    first, second, drop = nn.Linear(vectors.shape[1], HIDDEN), nn.Linear(HIDDEN, len(CELLS)), nn.Dropout(0.4)
    parameters = [*first.parameters(), *second.parameters()]
    optimizer = torch.optim.AdamW(parameters, 2e-3, weight_decay=1e-3)
    epochs, batch = 20, 512
    steps = epochs * -(-len(vectors) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    for _ in range(epochs):
        for rows in torch.split(torch.randperm(len(vectors)), batch):
            logits = second(drop(gelu(first(4 * vectors[rows]), approximate="tanh")))
            loss = -(targets[rows] * log_softmax(logits, 1)).sum(1).mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return {
        "position.in": 4 * first.weight.detach().T, "position.in.bias": first.bias.detach(),
        "position.out": second.weight.detach().T, "position.out.bias": second.bias.detach(),
    }  # fmt: skip


def shares(descriptions: Descriptions) -> NDArray[np.float64]:
    """(N, 2) spans as shares of their video, at least 1/50 long."""
    spans = np.sort(np.clip(descriptions.spans / descriptions.durations[descriptions.videos, None], 0, 1), 1)
    spans[:, 1] = np.maximum(spans[:, 1], spans[:, 0] + 0.02)
    return spans


def held_out_recall(vectors: Tensor, videos: NDArray[np.int64], down: Tensor, up: Tensor) -> None:
    """Right video by the nearest sentence of the others, with the plain vectors and with the map."""
    for name, mapped in (("plain", vectors), ("mapped", normalize(vectors + vectors @ down @ up, dim=1))):
        cosines = mapped @ mapped.T
        cosines.fill_diagonal_(-9)
        best = torch.full((len(vectors), int(videos.max()) + 1), -9.0)
        best = best.scatter_reduce(1, torch.from_numpy(videos).expand(len(vectors), -1), cosines, "amax")
        right = best.gather(1, torch.from_numpy(videos)[:, None])
        ranks = (best > right).sum(1)[torch.from_numpy(np.bincount(videos)[videos] > 1)]
        print(name, *(f"R@{k} {100 * (ranks < k).double().mean():.2f}" for k in (1, 5, 10)))


def coco(path: Path) -> tuple[list[str], NDArray[np.int64]]:
    """Captions in the order of their pictures, and the place of each one's picture."""
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["annotations"]
    rows.sort(key=lambda row: (row["image_id"], row["id"]))
    pictures = np.unique([row["image_id"] for row in rows], return_inverse=True)[1]
    return [row["caption"].strip() for row in rows], pictures.astype(np.int64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("activitynet", type=Path)
    parser.add_argument("coco", type=Path)
    parser.add_argument("--out", type=Path, default=FILE)
    parser.add_argument("--held-out", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    embedder = MiniLMEmbedder(installed_weights())
    train = read_descriptions(options.activitynet)
    captions, pictures = coco(options.coco)
    vectors = torch.from_numpy(embedder.embed(train.sentences))
    taught = train.videos < (HELD_OUT if options.held_out else len(train.names))
    down, up = learn_map(
        Groups(vectors[taught], train.videos[taught], int(train.videos[taught].max()) + 1),
        Groups(torch.from_numpy(embedder.embed(captions)), pictures, int(pictures.max()) + 1),
    )
    if options.held_out:
        held_out_recall(vectors[~taught], train.videos[~taught] - HELD_OUT, down, up)
    weights = {"map.down": down, "map.up": up, **learn_position(vectors[taught], shares(train)[taught])}
    halves = {name: weight.contiguous().half() for name, weight in weights.items()}
    save_file(halves, options.out, {"embedder": embedder.name, "version": embedder.version})
    print(f"Wrote {options.out}, {options.out.stat().st_size / 1000:.0f} kB.")


if __name__ == "__main__":
    main()
