"""``python -m benchmarks.gpu``: the engine beside the stock pipelines on a GPU, full-size models with random weights.

It runs on a bare machine: nothing is downloaded, and nothing is imported but torch, diffusers, transformers,
safetensors, numpy, pillow and diffex's own rooms (``docs/gpu.md``).
"""
