#!/usr/bin/env bash
# transformers 5.23.0: from_pretrained of a folder that holds a model and an adapter beside it (adapter_config.json,
# adapter_model.safetensors, as peft 0.21.2 saves them) gives the base model's logits without a word where peft is not
# installed, and the adapted model's where it is. Seen: largest difference of the logits to the base model 0.0 without
# peft, no warning and nothing on stderr; above 0.01 with it.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "torch==2.13.0"
"$folder/venv/bin/pip" install -q "transformers==5.23.0" "peft==0.21.2"
export HF_HUB_OFFLINE=1
"$folder/venv/bin/python" - "$folder/model" <<'PYTHON'
import sys

import peft
import torch
from transformers import ViTConfig, ViTForImageClassification

torch.manual_seed(0)
config = ViTConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=16)
model = ViTForImageClassification(config)
model.save_pretrained(sys.argv[1])
torch.save(model.state_dict(), sys.argv[1] + "/base.pt")
layers = [name for name, part in model.named_modules() if isinstance(part, torch.nn.Linear) and "attention" in name]
adapted = peft.get_peft_model(model, peft.LoraConfig(r=2, lora_alpha=8, target_modules=layers))
for name, parameter in adapted.named_parameters():
    if "lora_B" in name:
        torch.nn.init.normal_(parameter)
adapted.save_pretrained(sys.argv[1])
PYTHON
cat > "$folder/difference.py" <<'PYTHON'
import sys

import torch
from transformers import ViTForImageClassification

model = ViTForImageClassification.from_pretrained(sys.argv[1]).eval()
base = ViTForImageClassification(model.config).eval()
base.load_state_dict(torch.load(sys.argv[1] + "/base.pt", weights_only=True))
pixels = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))
with torch.inference_mode():
    print(float((model(pixels).logits - base(pixels).logits).abs().max()))
PYTHON
with=$("$folder/venv/bin/python" "$folder/difference.py" "$folder/model" 2>/dev/null)
"$folder/venv/bin/pip" uninstall -q -y peft
without=$("$folder/venv/bin/python" "$folder/difference.py" "$folder/model" 2>"$folder/said")
echo "with peft $with, without $without, said: $(grep -ci adapter "$folder/said" || true) lines about an adapter"
python3 -c "assert $with > 0.01 and $without == 0.0, 'it no longer does so'"
! grep -qi adapter "$folder/said"
