train search --model llama-3.1-8b --system hgx-h100 --gpus 8 --set accelerator.memory.bandwith=2 --set acelerator.power=x2 --set system=3
exit: 2
