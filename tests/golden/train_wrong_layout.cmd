train --model llama-3.1-405b --system hgx-h100 --gpus 1024 --global-batch-size 2048 --seq-length 8192 --tp 8 --pp 5
exit: 2
