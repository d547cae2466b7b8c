serve --model deepseek-v3 --system gb200-nvl72 --rate 50 --isl 4000 --osl 500 --ttft 1000 --tpot 20 --json
