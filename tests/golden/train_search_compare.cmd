train search --model llama-3.1-70b --system hgx-h100 --gpus 256 --global-batch-size 512 --seq-length 8192 --set system.scale_up_domain=x10 --set network.bandwidth=-50% --compare
