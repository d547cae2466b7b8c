import tests/golden/inputs/megatron_llama_405b.sh --system hgx-h100
