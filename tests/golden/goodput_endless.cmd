train goodput --model llama-3.1-8b --system hgx-h100 --gpus 64 --global-batch-size 64 --seq-length 4096 --tp 2 --tokens 1e18
exit: 2
