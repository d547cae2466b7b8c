train --model llama-3.1-8b --system hgx-h100 --gpus 64 --global-batch-size 256 --seq-length 8192
