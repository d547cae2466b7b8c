serve size --model qwen3-32b-fp8 --systems hgx-h200 --isl 4000 --osl 500 --prefix 4000 --ttft-p99 500
exit: 2
