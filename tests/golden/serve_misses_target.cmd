serve --model llama-3.1-70b --system hgx-h100 --rate 20 --isl 2000 --osl 300 --ttft 500 --tpot 5
exit: 3
