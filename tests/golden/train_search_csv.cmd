train search --model llama-3.1-8b --system hgx-h100 --gpus 8,16 --global-batch-size 64 --seq-length 8192 --objective cost --price "2 $/h" --pp 1 --micro-batch-size 1 --recompute none --csv {tmp}/layouts.csv --top 2
file: layouts.csv
