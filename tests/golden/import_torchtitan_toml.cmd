import tests/golden/inputs/torchtitan_8b.toml --system hgx-h100 --gpus 128
