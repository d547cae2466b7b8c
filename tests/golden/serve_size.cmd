serve size --model qwen3-32b-fp8 --systems hgx-h200,hgx-h100 --rate 20 --isl 4000 --osl 500 --prefix 500 --ttft-p99 500 --tpot-p99 20
