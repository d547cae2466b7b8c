serve size --model llama-3.1-8b --systems hgx-h100 --gpus 8 --isl 1000 --osl 200 --ttft-p99 500 --tpot-p99 15 --mode disaggregated --json
