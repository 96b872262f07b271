"""What a reader of the documentation has before the first command: pictures, models, servers, finished runs."""

from __future__ import annotations

import itertools
import json
import random
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from diffex_cli.birds import samples
from diffex_cli.birds.attributes import random_bird
from diffex_cli.birds.renderer import render
from diffex_cli.commands.main import app
from diffex_cli.measure.self_test import NONSENSE
from diffex_cli.study.study import read_study

ROOT = Path(__file__).parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
HIERARCHY = """\
schema: diffex.corpus/1
domain: leaf health
nodes: [{name: red head}, {name: long tail, children: [{name: forked tail}]}]
"""
for room in ("classifiers", "editors", "language_models", "study"):  # whose tiny models and servers these are
    sys.path.append(str(ROOT / "tests" / room))


def diffex(*words: object) -> None:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output


def photos(folder: Path, suffix: str = "png", n: int = 3) -> None:
    """Small pictures, no two alike."""
    folder.mkdir(parents=True)
    for number in range(n):
        render(random_bird(random.Random(number))).resize((64, 64)).save(folder / f"{number}.{suffix}")


def classifier(folder: Path, *labels: str) -> None:
    """A transformer with random weights, as a user would save it."""
    import torch
    from transformers import ViTConfig, ViTForImageClassification

    torch.manual_seed(0)
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    names = {"id2label": dict(enumerate(labels)), "label2id": {label: i for i, label in enumerate(labels)}}
    ViTForImageClassification(ViTConfig(image_size=32, num_labels=len(labels), **small, **names)).save_pretrained(
        folder
    )
    processor = {"image_processor_type": "ViTImageProcessor", "size": {"height": 32, "width": 32}}
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))


def on_the_hub(cache: Path, id: str, model: Any) -> None:
    """Lays a model down where a download from the hub would."""
    repository = cache / f"models--{id.replace('/', '--')}"
    model.save_pretrained(repository / "snapshots" / COMMIT)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)


def finished_birds(run: Path) -> None:
    """The demo, on four images down to the second level, drawn instead of edited: quick, and with clear effects."""
    diffex("corpus", "--run", run, "--domain", "birds", "--n-images", 4)
    birds = ("--classifier", "birds:shortcut", "--target", "cardinal", "--editor", "render:birds")
    diffex("search", "--run", run, *birds, "--algorithm", "exhaustive", "--max-depth", 1)


def readme(folder: Path, places: Path, run: Path) -> None:
    from benchmarks.tiny import tiny_sd

    photos(folder / "photos", "jpg", n=2)
    classifier(places / "models" / "my-classifier", "healthy", "blight")
    tiny_sd().save_pretrained(places / "models" / "stable-diffusion-v1-5")


def artifacts(folder: Path, places: Path, run: Path) -> None:
    shutil.copy(ROOT / "tests" / "measure" / "replacement_edit.py", folder)


def ci(folder: Path, places: Path, run: Path) -> None:
    classifier(folder / "model", "cardinal", "jay")
    shared = places / "mnt" / "diffex"
    for copy in (folder / "diffex-run", folder / "baseline-run", shared / "edited-run", shared / "release-run"):
        shutil.copytree(run, copy)


def classifiers(folder: Path, places: Path, run: Path) -> None:
    (folder / "photos").mkdir()
    for name in ("00-cardinal.png", "01-jay.png"):
        shutil.copy(samples.FOLDER / name, folder / "photos")


def corpora(folder: Path, places: Path, run: Path) -> None:
    photos(folder / "leaves")
    photos(folder / "fundus")
    classifier(folder / "classifier", "healthy", "blight")
    (folder / "guidelines").mkdir()
    (folder / "guidelines" / "retina.md").write_text("# Signs\n\nHard exudates are yellow. Drusen are pale spots.\n")
    (folder / "own.yaml").write_text(HIERARCHY)
    leaves = ("--run", folder / "leaves-run")
    diffex("corpus", *leaves, "--corpus-file", folder / "own.yaml", "--images", folder / "leaves")
    diffex("search", *leaves, "--editor", "tint:", "--classifier", f"transformers:{folder}/classifier")


def editors(folder: Path, places: Path, run: Path) -> None:
    from huggingface_hub import constants
    from safetensors.torch import save_file
    from test_ledits_loading_lora import LAYER, kohya
    from test_ledits_loading_single_file import to_single_file
    from tiny_instruction_pipelines import instruct, klein

    from benchmarks.tiny import tiny_sd, tiny_sdxl

    hub = Path(constants.HF_HUB_CACHE)
    on_the_hub(hub, "stabilityai/stable-diffusion-xl-base-1.0", tiny_sdxl())
    on_the_hub(hub, "madebyollin/sdxl-vae-fp16-fix", tiny_sdxl().vae)
    on_the_hub(hub, "timbrooks/instruct-pix2pix", instruct())
    on_the_hub(hub, "black-forest-labs/FLUX.2-klein-4B", klein())
    on_the_hub(hub, "stable-diffusion-v1-5/stable-diffusion-inpainting", tiny_sd())
    tiny_sd().save_pretrained(places / "models" / "stable-diffusion-v1-5")
    save_file(to_single_file(tiny_sd()), places / "models" / "style.safetensors")
    save_file(kohya("unet", LAYER), folder / "faces.safetensors")

    photos(folder / "photos", n=1)
    (folder / "own.yaml").write_text("schema: diffex.corpus/1\ndomain: birds of mine\nnodes: [{name: red head}]\n")
    here = ("--run", folder / "diffex-run")
    diffex("corpus", *here, "--corpus-file", folder / "own.yaml", "--images", folder / "photos")
    diffex("search", *here, "--editor", "tint:", "--classifier", "birds:species")
    (picture,) = (folder / "diffex-run" / "images").glob("*.png")
    (folder / "my-edits").mkdir()
    rows = ["image,node,file"]
    for node in ("", "red-head"):
        name = f"{picture.stem}__{node or 'reconstruction'}.png"
        shutil.copy(picture, folder / "my-edits" / name)
        rows.append(f"{picture.stem},{node},{name}")
    (folder / "my-edits" / "edits.csv").write_text("\n".join(rows) + "\n")


def regions(folder: Path, places: Path, run: Path) -> None:
    """The demo with the two images that the page's table is about, and masks of them."""
    from PIL import Image

    diffex("corpus", "--run", folder / "diffex-run", "--n-images", 2)
    (folder / "devices").mkdir()
    for bird in ("01-jay", "39-duck"):
        mask = Image.new("L", (128, 128))
        mask.paste(255, (0, 0, 40, 40))
        mask.save(folder / "devices" / f"{bird}.png")


def study(folder: Path, places: Path, run: Path) -> None:
    """A finished run, and what two participants sent back of the page that the first command makes of it."""
    from study_samples import content

    shutil.copytree(run, folder / "diffex-run")
    diffex("study", "make", "--kind", "quality", "--run", folder / "diffex-run", "--out", folder / "sent")
    asked = read_study(folder / "sent" / "study.json")
    for participant in ("ann", "bob"):
        (folder / f"answers-{participant}.json").write_text(json.dumps(content(asked, participant)))
    shutil.rmtree(folder / "sent")


def configuration(folder: Path, places: Path, run: Path) -> None:
    shutil.copytree(ROOT / "configs", folder / "configs")


def finished(folder: Path, places: Path, run: Path) -> None:
    shutil.copytree(run, folder / "diffex-run")


PREPARED: Mapping[str, Callable[[Path, Path, Path], None]] = {
    "README.md": readme,
    "docs/artifacts.md": artifacts,
    "docs/ci.md": ci,
    "docs/classifiers.md": classifiers,
    "docs/corpora.md": corpora,
    "docs/editors.md": editors,
    "docs/regions.md": regions,
    "docs/study.md": study,
    "docs/verifying.md": finished,
    "configs/birds.yaml": configuration,
}


_PLAIN = 6000
"""A question about a plain picture has fewer characters than this, one about a bird has more."""


def language_model() -> Any:
    """A server that speaks both wire formats and answers every question with what its schema asks for."""
    from fault_server import FaultServer, Reply, Request

    class Obliging(FaultServer):
        words = itertools.count(1)

        def next_reply(self, request: Request) -> Reply:
            self.requests.append(request)
            given = request.body.get("output_config", request.body.get("response_format"))
            if given is None:
                return Reply(text="yes")
            if '["yes", "no"]' in json.dumps(given) and not self.sees(request):
                return Reply(text=json.dumps({"answer": "no"}))
            wanted = given.get("format", given.get("json_schema", {}))["schema"]
            return Reply(text=json.dumps(self._made(wanted)))

        def sees(self, request: Request) -> bool:
            """Everything but nonsense, in every picture that is not plain."""
            said = json.dumps(request.body)
            return len(said) > _PLAIN and not any(word in said for word in NONSENSE)

        def _made(self, schema: Mapping[str, Any], name: str = "") -> Any:
            if "enum" in schema:
                return schema["enum"][0]
            kind = schema.get("type")
            if kind == "object":
                return {key: self._made(inner, key) for key, inner in schema.get("properties", {}).items()}
            if kind == "array":
                return [self._made(schema["items"]) for _ in range(max(2, schema.get("minItems", 0)))]
            if kind in ("integer", "number"):
                return int(name != "passage")
            if kind == "boolean":
                return name == "editable"
            return f"{name} {next(self.words)}"

    return Obliging()


def services(patch: pytest.MonkeyPatch, url: str) -> None:
    """Anthropic and OpenAI are at this address. Said by their variables it would be somebody else's, without prices."""
    import anthropic

    from diffex_cli.language_models import openai

    def here(*, base_url: str | None, **arguments: Any) -> Any:
        return client(base_url=base_url or url, **arguments)

    client = anthropic.Anthropic
    patch.setattr(anthropic, "Anthropic", here)
    patch.setattr(openai, "_ADDRESS", f"{url}/v1")


def empty_hub(patch: pytest.MonkeyPatch, cache: Path) -> None:
    """What is downloaded lies in this folder: nothing yet. The hub itself cannot be reached."""
    from huggingface_hub import constants

    patch.setattr(constants, "HF_HUB_CACHE", str(cache))
    patch.setattr(constants, "HF_HUB_OFFLINE", True)
