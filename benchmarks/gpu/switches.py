"""``switches``: the worth of channels_last, attention back ends, a compiled U-Net, tiled decoding, CUDA graphs.

Each row has two sides, measured in turn.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from benchmarks.gpu.bench import Bench, Case, Held, NotMeasuredError
from benchmarks.gpu.engine import candidates, picture, run
from benchmarks.gpu.kept import Figures
from benchmarks.gpu.timing import Spent, peak, spent, spread

BACKENDS = {
    "flash": SDPBackend.FLASH_ATTENTION,
    "memory-efficient": SDPBackend.EFFICIENT_ATTENTION,
    "cuDNN": SDPBackend.CUDNN_ATTENTION,
    "math": SDPBackend.MATH,
}
_CALLS = 20


def switch_cases(bench: Bench, model: str) -> Iterator[Case]:
    """All but the compiled U-Net."""
    yield Case("switches", model, ("channels_last", "8"), 40, lambda: _channels_last(bench, model))
    for name in BACKENDS:
        yield Case(
            "switches",
            model,
            (f"{name} attention", "4"),
            25,
            lambda name=name: _attention(bench, model, BACKENDS[name]),  # type: ignore[misc]
        )
    yield Case("switches", model, ("tiled decoding", "4"), 15, lambda: _tiling(bench, model))
    for rows in (2, 8):
        yield Case(
            "switches",
            model,
            ("CUDA graph, U-Net call", f"{rows}"),
            15,
            lambda rows=rows: _graph(bench, model, rows),  # type: ignore[misc]
        )


def compile_cases(bench: Bench, model: str) -> Iterator[Case]:
    """Apart, because compiling takes long."""
    yield Case("switches", model, ("compile", "8"), 150, lambda: _compile(bench, model))


def _channels_last(bench: Bench, model: str) -> Figures:
    return _editors(bench, model, {"channels_last": "false"}, {"channels_last": "true"})


def _compile(bench: Bench, model: str) -> Figures:
    return _editors(bench, model, {}, {"compile": "true"})


def _editors(bench: Bench, model: str, without: Mapping[str, object], with_it: Mapping[str, object]) -> Figures:
    """Eight edits; each side's layout is its own, so that a U-Net is brought into it before each turn."""
    held, edits = bench.held(model), 2 if bench.tiny else 8
    images, some = {"0": picture(held.side)}, candidates(edits)
    shared: dict[str, object] = {"steps": bench.few_steps, "rows": 2 * edits, "mask": "guidance"}

    def work(extra: Mapping[str, object]) -> Callable[[], object]:
        layout = torch.contiguous_format if extra.get("channels_last") == "false" else torch.channels_last
        editor = held.editor({**shared, **extra})

        def turn() -> object:
            held.pipeline.unet.to(memory_format=layout)
            return run(editor, images, some)

        return turn

    return _sides(bench, work(without), work(with_it), 1 / edits)


def _sides(bench: Bench, without: Callable[[], object], with_it: Callable[[], object], scale: float) -> Figures:
    """Both once to warm up, then in turn."""
    first = [spent(side, bench.device).seconds for side in (without, with_it)]
    times: tuple[list[Spent], list[Spent]] = ([], [])
    for _ in range(bench.rounds):
        for side, kept in zip((without, with_it), times, strict=True):
            kept.append(spent(side, bench.device))
    figures: dict[str, Any] = {"first": first[1]}
    for name, kept in zip(("without", "with"), times, strict=True):
        figures[name] = spread([one.seconds for one in kept], scale)
        figures[f"{name}_memory"] = peak(kept)
    return figures


def _attention(bench: Bench, model: str, backend: SDPBackend) -> Figures:
    """One back end alone against torch's own choice."""
    held, edits = bench.held(model), 2 if bench.tiny else 4
    images, some = {"0": picture(held.side)}, candidates(edits)
    editor = held.editor({"steps": bench.few_steps, "rows": 2 * edits, "mask": "guidance"})

    def forced() -> None:
        with sdpa_kernel([backend]):
            run(editor, images, some)

    try:
        forced()
    except RuntimeError as error:
        if "kernel" not in str(error):
            raise
        raise NotMeasuredError("torch has no such kernel for this device, dtype and shape") from error
    return _sides(bench, lambda: run(editor, images, some), forced, 1 / edits)


def _tiling(bench: Bench, model: str) -> Figures:
    held = bench.held(model)
    engine = held.editor({}).model
    cells = held.side // 2 ** (len(held.pipeline.vae.config.block_out_channels) - 1)
    latents = torch.randn(4, 4, cells, cells, generator=torch.Generator().manual_seed(0)).to(bench.device)

    def tiled() -> None:
        held.pipeline.vae.enable_tiling()
        try:
            engine.decode(latents)
        finally:
            held.pipeline.vae.disable_tiling()

    return _sides(bench, lambda: engine.decode(latents), tiled, 1 / len(latents))


def _graph(bench: Bench, model: str, rows: int) -> Figures:
    """A bare U-Net call, launched kernel by kernel and replayed as one graph."""
    bench.need_cuda("a CUDA graph")
    call = _unet_call(bench, bench.held(model), rows)
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.no_grad(), torch.cuda.stream(side):
        for _ in range(3):
            call()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.no_grad(), torch.cuda.graph(graph):
        call()

    def repeated(one: Callable[[], object]) -> Callable[[], None]:
        def calls() -> None:
            with torch.no_grad():
                for _ in range(_CALLS):
                    one()

        return calls

    with contextlib.closing(_Reset(graph)):
        return _sides(bench, repeated(call), repeated(graph.replay), 1 / _CALLS)


class _Reset:
    """Gives a graph's memory back."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph

    def close(self) -> None:
        self._graph.reset()


def _unet_call(bench: Bench, held: Held, rows: int) -> Callable[[], object]:
    unet = held.pipeline.unet
    config = unet.config

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, device=bench.device, dtype=bench.dtype)

    latents = drawn(rows, 4, config.sample_size, config.sample_size)
    timestep = torch.full((rows,), 500, device=bench.device)
    more: dict[str, Any] = {"encoder_hidden_states": drawn(rows, 77, config.cross_attention_dim)}
    if config.addition_embed_type == "text_time":
        pooled = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
        more["added_cond_kwargs"] = {"text_embeds": drawn(rows, pooled), "time_ids": drawn(rows, 6)}
    return lambda: unet(latents, timestep, **more)
