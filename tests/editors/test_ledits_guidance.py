import pytest
import torch
from diffusers.pipelines.ledits_pp.pipeline_leditspp_stable_diffusion import LeditsGaussianSmoothing
from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.editors.ledits.guidance import attention_mask, guidance_mask, top_share


@given(seed=st.integers(0, 10_000), height=st.integers(1, 9), width=st.integers(1, 9), data=st.data())
def test_the_top_share_is_cut_at_the_quantile(seed: int, height: int, width: int, data: st.DataObject) -> None:
    scores = torch.rand(3, height, width, generator=torch.Generator().manual_seed(seed))
    thresholds = torch.tensor(data.draw(st.lists(st.integers(0, 100), min_size=3, max_size=3))) / 100
    mask = top_share(scores, thresholds)
    assert mask.shape == scores.shape
    for row, threshold, kept in zip(scores, thresholds, mask, strict=True):
        quantile = torch.quantile(row.flatten(), threshold)
        clear = (row - quantile).abs() > 1e-6
        assert torch.equal(kept[clear].bool(), (row >= quantile)[clear])
        assert kept.sum() >= 1


def test_the_ends_of_the_threshold() -> None:
    scores = torch.rand(2, 5, 5)
    mask = top_share(scores, torch.tensor([0.0, 1.0]))
    assert mask[0].all()
    assert mask[1].nonzero().tolist() == [[int(scores[1].argmax()) // 5, int(scores[1].argmax()) % 5]]


def test_equal_scores_all_pass() -> None:
    assert top_share(torch.zeros(1, 4, 4), torch.tensor([0.9])).all()


def test_the_guidance_mask_sums_over_channels() -> None:
    guidance = torch.zeros(2, 4, 8, 8)
    guidance[0, :, 2, 3] = -1.0
    guidance[1, 0, 5, 6] = 3.0
    guidance[1, :2, 0, 0] = 1.0
    mask = guidance_mask(guidance, torch.tensor([0.999, 1.0]))
    assert mask.shape == (2, 1, 8, 8)
    assert mask[0, 0].nonzero().tolist() == [[2, 3]]
    assert mask[1, 0].nonzero().tolist() == [[5, 6]]


def test_the_attention_mask_looks_at_the_concepts_own_tokens() -> None:
    attention = torch.zeros(2, 12, 10)
    attention[:, 7, 2] = 1.0  # the second token looks at row 1, column 3 of 3 × 4 cells
    attention[:, 0, 0] = attention[:, 4, 9] = 50.0  # the start token and the padding look elsewhere
    attention[:, 11, 1] = 0.1
    mask = attention_mask(attention, torch.tensor([2, 1]), torch.tensor([1.0, 1.0]), (12, 16))
    assert mask.shape == (2, 1, 12, 16)
    cells = mask[:, 0, ::4, ::4]
    assert torch.equal(mask[:, 0], cells.repeat_interleave(4, 1).repeat_interleave(4, 2)), "nearest upsampling"
    assert cells[0].nonzero().tolist() == [[1, 3]]
    assert cells[1].nonzero().tolist() == [[2, 3]]


def test_the_blur_is_the_stock_pipelines() -> None:
    maps = torch.rand(3, 24, 6, generator=torch.Generator().manual_seed(0))
    counts, thresholds = torch.tensor([1, 3, 4]), torch.tensor([0.5, 0.8, 0.2])
    ours = attention_mask(maps, counts, thresholds, (16, 24))
    smoothing = LeditsGaussianSmoothing(torch.device("cpu"))
    for row, count, threshold, mask in zip(maps, counts, thresholds, ours, strict=True):
        scores = row[:, 1 : count + 1].sum(-1).view(1, 1, 4, 6)
        blurred = smoothing(torch.nn.functional.pad(scores, (1, 1, 1, 1), mode="reflect"))[0, 0]
        expected = (blurred >= torch.quantile(blurred.flatten(), threshold)).float()
        assert torch.equal(mask[0, ::4, ::4], expected)


@pytest.mark.parametrize("size", [(4, 32), (32, 4), (4, 4)])
def test_very_long_images_have_a_mask_too(size: tuple[int, int]) -> None:
    cells = (size[0] // 4) * (size[1] // 4)
    mask = attention_mask(torch.rand(1, cells, 5), torch.tensor([2]), torch.tensor([0.5]), size)
    assert mask.shape == (1, 1, *size)
    assert mask.any()
