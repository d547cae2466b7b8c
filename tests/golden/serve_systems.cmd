serve --model llama-3.1-70b --system hgx-h100,hgx-h200,mi300x-platform --rate 20 --isl 2000 --osl 300 --ttft 500 --tpot 40
