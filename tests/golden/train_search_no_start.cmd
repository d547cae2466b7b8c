train search --model llama-3.1-8b --system hgx-h100 --gpus 8 --objective tokens-by 2027-03-31
exit: 2
