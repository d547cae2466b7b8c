train serch --model llama-3.1-8b
exit: 2
