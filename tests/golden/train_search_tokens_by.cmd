train search --model llama-3.1-8b --system hgx-h100 --gpus 32:128 --global-batch-size 256 --seq-length 8192 --objective tokens-by 2027-03-31 --start 2027-01-01 --max-cp 1 --top 3
