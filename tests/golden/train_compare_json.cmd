train --model llama-3.1-8b --system hgx-h100 --gpus 8 --global-batch-size 64 --seq-length 4096 --tp 2 --set accelerator.memory.bandwidth=+50% --compare --json
