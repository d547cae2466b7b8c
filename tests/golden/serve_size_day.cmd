serve size --model llama-3.1-8b --system hgx-h100 --rate 50 --isl 1000 --osl 200 --ttft-p99 500 --tpot-p99 20 --mode aggregated --requests 2000 --engine vllm --peak-to-mean 1.9 --api-per-mtok 0.4
