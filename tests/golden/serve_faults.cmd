serve --model llama-3.1-70 --system hgx-h100 --rate 20 --isl 2000 --osl 300
exit: 2
