train --model llama-3.1-8b --system hgx-h100 --gpus 4294967296 --global-batch-size 9223372036854775807 --seq-length inf --tp 2147483648 --offload-activations nan --precision fp7
exit: 2
