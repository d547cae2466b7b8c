serve simulate --model llama-3.1-70b --system hgx-h100 --rate 2
exit: 3
