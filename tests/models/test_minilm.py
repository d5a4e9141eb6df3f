"""The network equals the reference implementation, with the same weights, at toy size."""

from dataclasses import replace

import pytest
import torch

from momentidx.models.minilm import Config, MiniLM

TOY = Config(vocabulary=50, positions=16, width=12, heads=3, hidden=20, layers=2)


@pytest.fixture(scope="module")
def reference() -> torch.nn.Module:
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    return BertModel(
        BertConfig(
            vocab_size=TOY.vocabulary,
            max_position_embeddings=TOY.positions,
            hidden_size=TOY.width,
            num_attention_heads=TOY.heads,
            intermediate_size=TOY.hidden,
            num_hidden_layers=TOY.layers,
        )
    ).eval()


def test_a_toy_bert_gives_the_same_mean_vectors(reference: torch.nn.Module) -> None:
    model = MiniLM.from_checkpoint(reference.state_dict(), TOY)
    tokens = torch.randint(1, TOY.vocabulary, (3, 9), generator=torch.Generator().manual_seed(1))
    mask = torch.arange(9) < torch.tensor([[9], [4], [1]])  # (3, 9)
    states = reference(tokens, attention_mask=mask.long()).last_hidden_state  # (3, 9, D)
    means = torch.stack([states[row, :length].mean(dim=0) for row, length in enumerate((9, 4, 1))])
    torch.testing.assert_close(model(tokens, mask), means / means.norm(dim=1, keepdim=True), atol=1e-6, rtol=0)


def test_padding_does_not_change_a_vector(reference: torch.nn.Module) -> None:
    model = MiniLM.from_checkpoint(reference.state_dict(), TOY)
    tokens = torch.tensor([[5, 6, 7, 0, 0, 0]])
    padded = model(tokens, tokens > 0)
    torch.testing.assert_close(model(tokens[:, :3], torch.ones(1, 3, dtype=torch.bool)), padded, atol=1e-6, rtol=0)


def test_a_checkpoint_of_another_shape_is_refused(reference: torch.nn.Module) -> None:
    with pytest.raises(RuntimeError, match=r"layers\.1\.narrow\.weight"):
        MiniLM.from_checkpoint(reference.state_dict(), replace(TOY, hidden=21))


def test_a_checkpoint_with_a_name_left_over_is_refused(reference: torch.nn.Module) -> None:
    with pytest.raises(RuntimeError, match="Unexpected"):
        MiniLM.from_checkpoint({**reference.state_dict(), "decoder.weight": torch.zeros(1)}, TOY)
