model qwen3-8b --jsn
exit: 2
