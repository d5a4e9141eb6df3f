"""Our patches against those of the library's own image processors, where it has them without torchvision."""

import numpy as np
import pytest
import torch
from transformers import Qwen2VLImageProcessorPil

from momentidx.caption.transformers.families import CLIP_MEAN, CLIP_STD, FAMILIES, in_words
from momentidx.caption.transformers.network import together
from momentidx.caption.transformers.pixels import Numbers, changed, fitted, patches, pooled, resized
from momentidx.caption.transformers.pixels import normalised as normal

NUMBERS = Numbers(14, CLIP_MEAN, CLIP_STD, 2, 2, 56 * 56, 28 * 28 * 1280)


@pytest.mark.parametrize("size", [(56, 84), (100, 200), (20, 300), (720, 1280)])
def test_a_picture_becomes_the_patches_that_the_librarys_own_processor_makes(size: tuple[int, int]) -> None:
    gradient = np.abs(np.add.outer(np.arange(size[0]), np.arange(size[1])) % 400 - 200)
    picture = np.stack([gradient, 255 - gradient, gradient // 2], -1).astype(np.uint8)
    made = Qwen2VLImageProcessorPil(min_pixels=56 * 56, max_pixels=28 * 28 * 1280)(picture, return_tensors="pt")
    flat, grid = patches(normal(resized(picture[None], fitted(*size, 28, 56 * 56, 28 * 28 * 1280)), NUMBERS), NUMBERS)
    assert made["image_grid_thw"].tolist() == [list(grid)]
    # Where the size changes, PIL rounds after each direction and we once: a level or two of 256.
    exact = size == fitted(*size, 28, 56 * 56, 28 * 28 * 1280)
    assert torch.allclose(flat, made["pixel_values"], atol=1e-5 if exact else 0.03)


def test_sizes_are_multiples_near_the_picture_within_the_limits() -> None:
    assert fitted(252, 448, 28, 1, 10**9) == (252, 448)
    assert fitted(1080, 1920, 28, 1, 28 * 28 * 100) == (196, 364)
    assert fitted(30, 50, 28, 28 * 28 * 100, 10**9) == (224, 364)
    assert fitted(252, 448, 32, 1, 64 * 64 * 8, layers=8) == (32, 64)
    assert fitted(9, 30, 28, 1, 10**9) == (28, 28)


def test_an_odd_picture_fills_its_layer_with_itself() -> None:
    pictures = torch.rand(3, 3, 28, 28)
    flat, grid = patches(pictures, Numbers(14, CLIP_MEAN, CLIP_STD, 2, 2))
    assert grid == (2, 2, 2)
    layers = flat.reshape(2, 4, 3, 2, 14, 14)
    assert torch.equal(layers[1, :, :, 0], layers[1, :, :, 1])
    assert torch.equal(layers[0, 1, :, 1], pictures[1, :, :14, 14:])


def test_a_token_is_kept_when_it_differs_from_the_picture_before() -> None:
    pictures = torch.zeros(3, 3, 28, 56)
    pictures[1, :, :, 28:] = 1
    flat, grid = patches(pictures, Numbers(14, CLIP_MEAN, CLIP_STD, 2, 1))
    assert changed(flat, grid, 2).tolist() == [True, True, False, True, False, True]


def test_windows_over_patches_are_padded_on_all_sides() -> None:
    windows, rows, columns = pooled(4, 4, (3, 3))
    assert (rows, columns) == (2, 2)
    assert windows[0].tolist() == [-1, -1, -1, -1, 0, 1, -1, 4, 5]
    assert windows[3].tolist() == [10, 11, -1, 14, 15, -1, -1, -1, -1]


def test_clips_in_a_batch_keep_pointing_at_their_own_patches() -> None:
    part = {"pixel_values_videos": torch.zeros(2, 9, 5), "video_token_pooling": torch.tensor([[0, -1], [17, 3]])}
    assert together([part, part])["video_token_pooling"].tolist() == [[0, -1], [17, 3], [18, -1], [35, 21]]
    short, long = {"pixel_values": torch.ones(1, 1, 3, 2, 2)}, {"pixel_values": torch.ones(1, 2, 3, 2, 2)}
    assert together([short, long])["pixel_values"].sum((2, 3, 4)).tolist() == [[12, 0], [12, 12]]


def test_numbers_are_written_in_words_as_one_family_wants_them() -> None:
    said = [in_words(number) for number in (1, 13, 64, 100, 105, 990)]
    assert said == ["one", "thirteen", "sixty-four", "one hundred", "one hundred and five", "nine hundred and ninety"]


def test_every_family_says_what_stands_for_pictures() -> None:
    assert all(family.visual and family.video for family in FAMILIES.values())
