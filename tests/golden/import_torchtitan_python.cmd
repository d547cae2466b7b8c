import tests/golden/inputs/torchtitan_405b.py --model llama-3.1-405b --system hgx-h100
