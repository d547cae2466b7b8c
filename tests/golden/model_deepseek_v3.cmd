model deepseek-v3
