cost --system gb200-nvl72
