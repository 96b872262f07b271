"""Tiny CLIP and SigLIP models with random weights and a tokenizer of whole words, saved as a user would."""

from pathlib import Path
from typing import Any

WORDS = tuple("[PAD] [UNK] <s> </s> a photo of cat dog small fluffy hound with long ears . the".split())  # noqa: SIM905


def save_clip(folder: Path) -> Path:
    import torch
    from transformers import CLIPConfig, CLIPModel

    torch.manual_seed(1)
    text = {"vocab_size": len(WORDS), "max_position_embeddings": 8, "bos_token_id": 2, "eos_token_id": 3}
    config = CLIPConfig(
        text_config={**_SMALL, **text, "pad_token_id": 0},
        vision_config={**_SMALL, **_PICTURES},
        projection_dim=12,
    )
    return _save(CLIPModel(config), "CLIPImageProcessor", folder)


def save_siglip(folder: Path) -> Path:
    import torch
    from transformers import SiglipConfig, SiglipModel

    torch.manual_seed(2)
    text = {"vocab_size": len(WORDS), "max_position_embeddings": 8, "pad_token_id": 0, "projection_size": 16}
    config = SiglipConfig(
        text_config={**_SMALL, **text, "bos_token_id": 2, "eos_token_id": 3}, vision_config={**_SMALL, **_PICTURES}
    )
    model = SiglipModel(config)
    with torch.no_grad():
        model.logit_scale.fill_(2.0)
        model.logit_bias.fill_(-1.5)
    return _save(model, "SiglipImageProcessor", folder)


_SMALL = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
_PICTURES = {"image_size": 16, "patch_size": 4}


def _save(model: Any, processor: str, folder: Path) -> Path:
    import json

    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    # Random weights of the usual spread hardly tell one input from another.
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1:
                parameter.mul_(8 if "embedding" in name else 4)
    model.save_pretrained(folder)
    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", WORDS.index("<s>")), ("</s>", WORDS.index("</s>"))]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]", bos_token="<s>", eos_token="</s>"
    ).save_pretrained(folder)
    settings = {
        "image_processor_type": processor,
        "size": {"shortest_edge": 16} if processor.startswith("CLIP") else {"height": 16, "width": 16},
        "crop_size": {"height": 16, "width": 16},
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder
