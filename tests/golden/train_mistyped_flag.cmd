train --modle llama-3.1-8b --system hgx-h100 --gpus 8
exit: 2
