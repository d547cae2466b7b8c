train --model llama-3.1-405b --system hgx-h100 --gpus 64 --global-batch-size 64 --seq-length 8192 --tp 8 --pp 2
exit: 3
