train goodput --model llama-3.1-405b --system hgx-h100 --gpus 16384 --global-batch-size 2048 --step-time 5.2s --tokens 15.6e12 --scenarios 200
