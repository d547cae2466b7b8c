model qwen3-8b --json
