serve size --model llama-3.1-70b --system hgx-h100 --rate 5 --isl 2000 --osl 300 --ttft-p99 500 --tpot-p99 5
exit: 3
