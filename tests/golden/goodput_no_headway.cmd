train goodput --model llama-3.1-405b --system gb200-nvl72 --gpus 4000000 --step-time 5s --tokens 15e12
exit: 3
