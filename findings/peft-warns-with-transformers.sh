#!/usr/bin/env bash
# peft 0.21.2 with transformers 5.23.0: get_peft_model on any transformers model reads the deprecated attribute
# is_gradient_checkpointing, so that a test suite that runs with warnings as errors cannot wrap a model at all. Seen:
# FutureWarning: `is_gradient_checkpointing` is deprecated and will be removed in v6.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "torch==2.13.0"
"$folder/venv/bin/pip" install -q "transformers==5.23.0" "peft==0.21.2"
HF_HUB_OFFLINE=1 "$folder/venv/bin/python" - <<'PYTHON'
import warnings

import peft
from transformers import ViTConfig, ViTForImageClassification

config = ViTConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=16)
model = ViTForImageClassification(config)
layers = [name for name, part in model.named_modules() if type(part).__name__ == "Linear" and "attention" in name]
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    peft.get_peft_model(model, peft.LoraConfig(target_modules=layers))
said = [f"{each.category.__name__}: {each.message}" for each in caught]
print("\n".join(said))
assert any(one.startswith("FutureWarning: `is_gradient_checkpointing`") for one in said), "it no longer warns"
PYTHON
