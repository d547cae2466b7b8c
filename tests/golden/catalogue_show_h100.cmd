catalogue show accelerator:h100-sxm
