catalogue show accelerator:h100
exit: 2
