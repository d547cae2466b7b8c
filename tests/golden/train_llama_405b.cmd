train --model llama-3.1-405b --system hgx-h100 --gpus 16384 --global-batch-size 2048 --seq-length 8192 --tp 8 --pp 16 --vpp 8 --sp --ends-as-layers
exit: 3
# 38 to 43 % MFU in the paper; memory misses as docs/explanation/training.md says
