serve simulate --model llama-3.1-8b --system hgx-h100 --engine sglang --concurrency 32 --isl 1000 --osl 100 --shared-prefix 500 --turns 3 --think-time 1 --requests 200
