modle qwen3-8b
exit: 2
