"""A tiny CLIPSeg model with random weights and a tokenizer of whole words, saved as a user would."""

from __future__ import annotations

import json
from pathlib import Path

WORDS = tuple("[PAD] [UNK] <s> </s> tall crest long tail face".split())  # noqa: SIM905
_SMALL = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 3, "num_attention_heads": 2}


def save_clipseg(folder: Path) -> Path:
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import CLIPSegConfig, CLIPSegForImageSegmentation, PreTrainedTokenizerFast

    torch.manual_seed(1)
    text = {"vocab_size": len(WORDS), "max_position_embeddings": 8, "bos_token_id": 2, "eos_token_id": 3}
    model = CLIPSegForImageSegmentation(
        CLIPSegConfig(
            text_config={**_SMALL, **text, "pad_token_id": 0},
            vision_config={**_SMALL, "image_size": 16, "patch_size": 4},
            projection_dim=12,
            extract_layers=[0, 1],
            conditional_layer=0,
            reduce_dim=8,
            decoder_num_attention_heads=2,
            decoder_intermediate_size=16,
        )
    )
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1:  # of the usual spread they hardly tell one input from another
                parameter.mul_(40 if "film" in name or "projection" in name else 8 if "embedding" in name else 4)
    model.save_pretrained(folder)
    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 2), ("</s>", 3)])
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "bos_token": "<s>", "eos_token": "</s>"}
    PreTrainedTokenizerFast(tokenizer_object=words, model_max_length=8, **special).save_pretrained(folder)
    settings = {"image_processor_type": "ViTImageProcessor", "size": {"height": 16, "width": 16}}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder
