train goodput --model llama-3.1-405b --system hgx-h100 --gpus 1024 --step-time 5s --tokens 15e12 --fleet llama-3 --price 2
exit: 2
