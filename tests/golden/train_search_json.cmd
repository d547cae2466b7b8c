train search --model llama-3.1-8b --system hgx-h100 --gpus 16 --global-batch-size 64 --seq-length 8192 --objective energy --tp 2 --recompute none --max-pp 2 --zero 1 --top 2 --json
