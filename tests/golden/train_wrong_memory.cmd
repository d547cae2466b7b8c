train --model llama-3.1-8b --system hgx-h100 --gpus 64 --global-batch-size 256 --tp 2 --zero 0 --shard-size 5 --recompute-modules mlp,mla_up_proj --moe-imbalance 0.5
exit: 2
