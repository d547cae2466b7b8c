serve simulate --model llama-3.1-8b --system hgx-a100-80 --rate 4 --isl 'uniform(200, 2000)' --osl 'lognormal(200, 0.8)' --requests 300 --ttft 500 --tpot 40
