serve simulate --model llama-3.1-8b --system hgx-h100 --rate 2 --tp 5
exit: 2
